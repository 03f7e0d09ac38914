export { capabilitiesOf } from './capabilities.ts';
export { createPikaEngine } from './engine.ts';
export { parseReplication, parseServer, parseSizes, parseStats } from './info.ts';

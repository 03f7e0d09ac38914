export { capabilitiesOf } from './capabilities.ts';
export { createPikaEngine, type PikaEngineOptions } from './engine.ts';
export { parseReplication, parseServer, parseSizes, parseStats } from './info.ts';

export type { Capabilities } from './views/capabilities.ts';

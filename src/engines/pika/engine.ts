import type { Engine } from '../engine.ts';
import { capabilitiesOf } from './capabilities.ts';
import { PikaConnection } from './connection.ts';
import { defaultReplyLimits, type ReplyLimits } from './reply-guard.ts';

export interface PikaEngineOptions {
  /** Clock of the looks: milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number;
  /** Bounds of what one reply may hold. */
  readonly limits?: Partial<ReplyLimits>;
}

/** The engine for Pika 3.3.6 to 4.0.1. Connections are lazy: nothing is sent before the first look. */
export function createPikaEngine(options: PikaEngineOptions = {}): Engine {
  const now = options.now ?? Date.now;
  const limits = { ...defaultReplyLimits, ...options.limits };
  return {
    kind: 'pika',
    connect: (target, credential) => new PikaConnection(target, credential, { now, limits }),
    capabilities: capabilitiesOf,
  };
}

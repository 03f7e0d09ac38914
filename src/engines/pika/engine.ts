import type { Engine } from '../engine.ts';
import { capabilitiesOf } from './capabilities.ts';
import { PikaConnection, realWires, type Wires } from './connection.ts';
import { defaultReplyLimits, type ReplyLimits } from './reply-guard.ts';

export interface PikaEngineOptions {
  /** Clock of the looks: milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number;
  /** Bounds of what one reply may hold. */
  readonly limits?: Partial<ReplyLimits>;
  /** How nodes are reached. Default: TCP and the process' timers. */
  readonly wires?: Wires;
}

/** The engine for Pika 3.3.6 to 4.0.1. Connections are lazy: nothing is sent before the first look. */
export function createPikaEngine(options: PikaEngineOptions = {}): Engine {
  const now = options.now ?? Date.now;
  const limits = { ...defaultReplyLimits, ...options.limits };
  const wires = options.wires ?? realWires;
  return {
    kind: 'pika',
    connect: (target, credential) => new PikaConnection(target, credential, { now, limits, wires }),
    capabilities: capabilitiesOf,
  };
}

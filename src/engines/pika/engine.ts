import type { Knowledge } from '../../model/knowledge.ts';
import type { Network } from '../../platform/network.ts';
import { shareOfOpenFiles } from '../../platform/open-files.ts';
import { hideInReplies, hideSecrets } from '../../platform/secrets.ts';
import type { Engine } from '../engine.ts';
import { objectionToFollow } from '../node-access.ts';
import { capabilitiesOf } from './capabilities.ts';
import { PikaConnection, type Wires, wiresOver } from './connection.ts';
import { builtIn } from './knowledge.ts';
import { boundedLinks } from './open-links.ts';

export interface PikaEngineOptions {
  /** Clock of the looks: milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number;
  /**
   * How nodes are reached. Default: TCP and the process' timers, with as many connections at a time as the process may
   * have open, less what its other parts need.
   */
  readonly wires?: Wires;
  /** What connections are made with. Default: the network. */
  readonly network?: Network;
  /** Configured secrets, which are taken out of what nodes say. */
  readonly secrets?: readonly string[];
  /** What is known of releases. Default: what is built in. */
  readonly knowledge?: Knowledge;
}

/** The engine for Pika 3.3.6 to 4.0.1. Connections are lazy: nothing is sent before the first look. */
export function createPikaEngine(options: PikaEngineOptions = {}): Engine {
  const now = options.now ?? Date.now;
  const wires = options.wires ?? boundedWires(options.network);
  const secrets = options.secrets ?? [];
  const knowledge = options.knowledge ?? builtIn;
  const clean = hideInReplies(secrets);
  const cleanFacts = hideSecrets(secrets.filter(({ length }) => length >= longEnough));
  return {
    kind: 'pika',
    connect: (target, credential) =>
      new PikaConnection(target, credential, { now, wires, clean, cleanFacts }),
    objectionToFollow: (master, credential) => objectionToFollow(master, credential, options.network),
    capabilities: (facts) => capabilitiesOf(facts, knowledge),
    knowledge,
  };
}

/** No host's name and no word of Pika's is a password of this length by chance. */
const longEnough = 8;
const mostLinks = 10_000;
const shareForNodes = 0.5;

function boundedWires(network?: Network): Wires {
  const most = shareOfOpenFiles(shareForNodes, mostLinks);
  const wires = wiresOver(network);
  return { ...wires, open: boundedLinks(wires.open, most, Date.now) };
}

/** What the observer writes down: only what nodes did, and what clients of the service were told. */

/** A request as its sender means it. */
export interface Asked {
  /** Idempotency key, job id and label: one expansion may come of it. */
  readonly key: string;
  readonly master: string;
  readonly nodes: readonly { readonly name: string; readonly overwriteData: boolean }[];
  /** Nodes of its master that may be in full sync at the same time. */
  readonly together: number;
}

/** What a node really is and holds, as no client can see it. */
export interface Truth {
  readonly follows: string | null;
  /** Every DB of it is connected: no full sync is under way or wanted. */
  readonly connected: boolean;
  readonly keys: number;
  /** Keys that it lacks, holds otherwise, or holds alone, beside its master; null = it has no master. */
  readonly missing: number | null;
  readonly different: number | null;
  readonly foreign: number | null;
  /** Missing or different ones that the binlog still to come will not bring. */
  readonly lost: number | null;
  readonly throttle: string;
  readonly throttleInFile: string;
}

/** Times are milliseconds since the epoch; nodes are called `host:port`. */
export type Entry =
  /** A client's command that changes something arrived at a node and was carried out. */
  | {
      readonly kind: 'command';
      readonly at: number;
      readonly node: string;
      readonly words: string;
      readonly reply: string;
      /** Counted over all connections in the order in which they were opened. */
      readonly connection: number;
      /** The node right before: its master, its keys, its slaves, and whether it lacked nothing of its master. */
      readonly follows: string | null;
      readonly keys: number;
      readonly slaves: number;
      readonly whole: boolean;
      /** The longest time for which nobody looked at the node while it was in the full sync that its last SLAVEOF began. */
      readonly unseenMs: number;
      /** Nodes that were attached to the same master before and lacked something of it at this moment. */
      readonly unfinished: readonly string[];
    }
  /** Any command at all arrived at a node that no request names. */
  | { readonly kind: 'stranger'; readonly at: number; readonly node: string; readonly words: string }
  /** These nodes of a master are in full sync from now on. */
  | {
      readonly kind: 'full_syncs';
      readonly at: number;
      readonly master: string;
      readonly nodes: readonly string[];
    }
  /** A request was answered with an expansion. */
  | { readonly kind: 'accepted'; readonly at: number; readonly key: string; readonly expansionId: string }
  /** A request was turned down for good. */
  | { readonly kind: 'refused'; readonly at: number; readonly key: string; readonly text: string }
  /** The service calls a node verified since `saidAt`; `truth` is what it was when that was read. */
  | {
      readonly kind: 'verified';
      readonly at: number;
      readonly node: string;
      readonly saidAt: number;
      readonly truth: Truth;
    }
  /** The service gave a node up with an operator's word. */
  | { readonly kind: 'skipped'; readonly at: number; readonly node: string }
  /** The service reports an end; `saidAt` is its own time of it. */
  | {
      readonly kind: 'ended';
      readonly at: number;
      readonly key: string;
      readonly state: string;
      readonly saidAt: number;
    }
  /** What a node was when everything about its master had ended and the writes had stopped. */
  | {
      readonly kind: 'left';
      readonly at: number;
      readonly node: string;
      readonly truth: Truth;
      /** Its throttle before anything was asked of it. */
      readonly ownThrottle: string;
    }
  /** Every expansion that the service knows at the end. */
  | {
      readonly kind: 'stored';
      readonly at: number;
      readonly expansions: readonly { readonly id: string; readonly key: string | null }[];
    }
  /** The nodes' password was found where it must not be. */
  | { readonly kind: 'secret'; readonly at: number; readonly where: string };

export interface History {
  readonly asked: readonly Asked[];
  readonly entries: readonly Entry[];
}

/** One line for people. */
export function words(entry: Entry): string {
  switch (entry.kind) {
    case 'command':
      return `${entry.words} -> ${entry.reply} (connection ${entry.connection}; it ${entry.follows === null ? 'had no master' : `followed ${entry.follows}`}, held ${entry.keys} keys)`;
    case 'stranger':
      return `was sent ${entry.words}`;
    case 'full_syncs':
      return `in full sync of ${entry.master}: ${entry.nodes.join(', ') || 'none'}`;
    case 'accepted':
      return `request ${entry.key} became expansion ${entry.expansionId}`;
    case 'refused':
      return `request ${entry.key} was refused: ${entry.text}`;
    case 'verified':
      return `called verified (truth: ${JSON.stringify(entry.truth)})`;
    case 'skipped':
      return 'skipped by the operator';
    case 'ended':
      return `request ${entry.key} ended: ${entry.state}`;
    case 'left':
      return `at the end: ${JSON.stringify(entry.truth)}`;
    case 'stored':
      return `${entry.expansions.length} expansions are stored`;
    case 'secret':
      return `the nodes' password is in ${entry.where}`;
  }
}

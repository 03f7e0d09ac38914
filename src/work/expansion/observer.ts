import { isOldForCheck } from '../../core/steps/preflight-join.ts';
import type { Credential, Engine, NodeConnection } from '../../engines/engine.ts';
import type { NodeTarget } from '../../model/expansion.ts';
import type { Look, LookSection } from '../../model/observation.ts';
import { latenessSince } from '../../platform/event-loop.ts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** The most that this process was late with its work since then, milliseconds; absent = it never is. */
  lateSince?(time: number): number;
}

export const realClock: Clock = {
  now: () => Date.now(),
  lateSince: latenessSince,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** A reply later than this reads as busy: swaps and NO ONE stall replies for 0.5 to 3 s (traces/README.md). */
const lookTimeoutMs = 5000;
/** A turn does not wait longer than this for a slow node or a receiver; the answer is taken in when it comes. */
export const patienceMs = 600;

interface Watched {
  readonly connection: NodeConnection;
  pending: Promise<Look> | null;
  late: Look | null;
}

export interface ObserverOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly credentialOf: (target: NodeTarget) => Credential | null;
  readonly onLook?: (target: 'master' | 'node', look: Look) => void;
}

/**
 * Keeps one connection per node and looks at them side by side. One node that stalls does not hold up the looks at
 * the others: its answer is taken in the turn in which it arrives.
 */
export interface Observer {
  look(
    target: NodeTarget,
    sections: readonly LookSection[],
    role: 'master' | 'node',
    masterPassword: string | null,
  ): Promise<Look | null>;
  connection(target: NodeTarget): NodeConnection;
  /** The answer is taken in by the next look, and nothing is asked until then. */
  putBack(target: NodeTarget, answer: Look): void;
  /** Drops a look that began before something happened to the node: it shows the time before it. */
  discardLate(target: NodeTarget): void;
  close(): void;
}

export function createObserver(options: ObserverOptions): Observer {
  const watched = new Map<string, Watched>();

  const watch = (target: NodeTarget): Watched => {
    const known = watched.get(target.name);
    if (known) return known;
    const fresh: Watched = {
      connection: options.engine.connect(target, options.credentialOf(target)),
      pending: null,
      late: null,
    };
    watched.set(target.name, fresh);
    return fresh;
  };

  const begin = (
    node: Watched,
    sections: readonly LookSection[],
    role: 'master' | 'node',
    masterPassword: string | null,
  ): Promise<Look> => {
    const pending = node.connection
      .look({ sections, timeoutMs: lookTimeoutMs, masterPassword })
      .then((look) => {
        options.onLook?.(role, look);
        if (node.pending !== pending) return look;
        node.pending = null;
        node.late = look;
        return look;
      });
    return pending;
  };

  return {
    async look(target, sections, role, masterPassword) {
      const node = watch(target);
      const { late } = node;
      node.late = null;
      if (late && !isOldForCheck(late, options.clock.now())) return late;
      node.pending ??= begin(node, sections, role, masterPassword);
      const answered = await Promise.race([node.pending, quiet(options.clock, patienceMs)]);
      if (answered === null) return null;
      node.late = null;
      return answered;
    },
    connection: (target) => watch(target).connection,
    putBack(target, answer) {
      watch(target).late = answer;
    },
    discardLate(target) {
      const node = watch(target);
      node.pending = null;
      node.late = null;
    },
    close() {
      for (const node of watched.values()) node.connection.close();
      watched.clear();
    },
  };
}

const quiet = (clock: Clock, ms: number): Promise<null> => clock.sleep(ms).then(() => null);

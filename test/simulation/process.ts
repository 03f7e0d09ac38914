import type { Clock as VirtualClock } from '../../src/simulator/clock.ts';
import type { Clock } from '../../src/work/expansion/observer.ts';

/** Deliveries that were held back are handed over one by one, so that what each sets off can run in between. */
const betweenDeliveriesMs = 0.001;

interface Held {
  readonly due: number;
  readonly run: () => void;
}

/**
 * One process of the service in virtual time. All that reaches it (timers, replies of nodes and of the database)
 * goes through `deliver`, so it can be paused as by SIGSTOP and killed as by SIGKILL between any two steps.
 */
export interface ServiceProcess {
  readonly name: string;
  readonly alive: boolean;
  readonly paused: boolean;
  /** The clock that the service reads: virtual time plus the jumps of this host. */
  readonly clock: Clock;
  /** Runs `run` inside the process: now, after its pause, or never. Timers go first after a pause, as in Node's loop. */
  deliver(run: () => void, kind: 'timer' | 'reply'): void;
  /** A timer of the process; jumps of the clock do not move it. */
  after(ms: number, run: () => void): () => void;
  pause(forMs: number): void;
  kill(): void;
  jumpClock(byMs: number): void;
  resetClock(): void;
}

export function createProcess(
  name: string,
  time: VirtualClock,
  /** Called before anything runs inside the process, so that the driver lets its promises settle. */
  stir: () => void,
): ServiceProcess {
  let alive = true;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let catchingUp = false;
  let skew = 0;
  const heldTimers: Held[] = [];
  const heldReplies: Held[] = [];

  const isPaused = (): boolean => time.now() < pausedUntil;

  const enter = (run: () => void): void => {
    stir();
    run();
  };

  function catchUp(): void {
    if (!alive || isPaused()) return;
    const next = heldTimers.shift() ?? heldReplies.shift();
    catchingUp = next !== undefined;
    if (!next) return;
    enter(next.run);
    time.after(betweenDeliveriesMs, catchUp);
  }

  function deliver(run: () => void, kind: 'timer' | 'reply'): void {
    if (!alive) return;
    if (!isPaused() && !catchingUp) {
      enter(run);
      return;
    }
    (kind === 'timer' ? heldTimers : heldReplies).push({ due: time.now(), run });
  }

  function after(ms: number, run: () => void): () => void {
    let cancelled = false;
    time.after(Math.max(0, ms), () => {
      if (!cancelled)
        deliver(() => {
          if (!cancelled) run();
        }, 'timer');
    });
    return () => {
      cancelled = true;
    };
  }

  return {
    name,
    get alive() {
      return alive;
    },
    get paused() {
      return isPaused();
    },
    clock: {
      now: () => Math.round(time.now() + skew),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const finish = (): void => {
            cancel();
            signal?.removeEventListener('abort', finish);
            resolve();
          };
          const cancel = after(ms, finish);
          signal?.addEventListener('abort', finish, { once: true });
        }),
    },
    deliver,
    after,
    pause(forMs) {
      pausedUntil = Math.max(pausedUntil, time.now() + forMs);
      time.after(pausedUntil - time.now(), catchUp);
    },
    kill() {
      alive = false;
    },
    jumpClock(byMs) {
      skew += byMs;
    },
    resetClock() {
      skew = 0;
    },
  };
}

import type { Wires } from './connection.ts';
import { type Link, LinkError } from './link.ts';

type OpenLink = Wires['open'];

/** A link that was used less than this ago may be about to be used again: it is left open. */
const idleAfterMs = 1000;
/** Nobody is about to use a link that was not used for so long: what waits for its turn holds no link open. */
const unusedAfterMs = 10_000;

interface Held {
  /** null = it was ended here: what it held is let go of, though its user still knows it. */
  link: Link | null;
  /** Replies that are awaited. */
  busy: number;
  usedAt: number;
}

/**
 * Keeps at most `most` links open at a time, over all nodes of the process, and none that is not used. Whoever needs one more
 * closes the idle link that was used longest ago; its node gets a new one with its next look. Where none is idle, it waits for one.
 */
export function boundedLinks(open: OpenLink, most: number, now: () => number): OpenLink {
  const held = new Set<Held>();
  let opening = 0;
  const waiting = new Set<() => void>();
  const next = (): void => waiting.values().next().value?.();

  const end = (each: Held): void => {
    each.link?.destroy();
    each.link = null;
    held.delete(each);
  };

  const idleFor = (ms: number): Held[] =>
    [...held].filter(({ busy, usedAt }) => busy === 0 && now() - usedAt >= ms);

  const dropIdle = (): boolean => {
    const oldest = idleFor(idleAfterMs).reduce<Held | null>(
      (a, b) => (a === null || b.usedAt < a.usedAt ? b : a),
      null,
    );
    if (oldest) end(oldest);
    return oldest !== null;
  };

  const forgetEnded = (): void => {
    for (const each of held) if (!each.link?.usable) held.delete(each);
  };

  let watched = false;
  /** Closes what is not used, as long as links are open. */
  const watch = (): void => {
    if (watched || held.size === 0) return;
    watched = true;
    const timer = setTimeout(() => {
      watched = false;
      for (const each of idleFor(unusedAfterMs)) end(each);
      forgetEnded();
      watch();
    }, unusedAfterMs / 2);
    timer.unref();
  };

  /** Until a link is given back, one may have become idle, or the time is up. */
  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        waiting.delete(leave);
        resolve();
      };
      const timer = setTimeout(leave, idleAfterMs);
      waiting.add(leave);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
    });

  /** Takes a place in the same moment in which it is found free: others look for one at the same time. */
  const takePlace = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      if (held.size + opening >= most) forgetEnded();
      if (held.size + opening < most || dropIdle()) {
        opening += 1;
        return;
      }
      if (signal.aborted) throw new LinkError('EMFILE', 'no connection to a node was free within the limit');
      await change(signal);
    }
  };

  return async (address, signal, access) => {
    await takePlace(signal);
    try {
      const link = await open(address, signal, access);
      const mine: Held = { link, busy: 0, usedAt: now() };
      held.add(mine);
      watch();
      return {
        connectedTo: link.connectedTo,
        get usable() {
          return mine.link?.usable ?? false;
        },
        async send(commands) {
          if (mine.link === null) throw new LinkError('ECLOSED', 'the connection was given up');
          mine.busy += 1;
          try {
            return await mine.link.send(commands);
          } finally {
            mine.busy -= 1;
            mine.usedAt = now();
            next();
          }
        },
        destroy() {
          end(mine);
          next();
        },
      };
    } finally {
      opening -= 1;
      next();
    }
  };
}

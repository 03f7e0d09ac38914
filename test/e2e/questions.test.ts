import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PikaNode } from '../support/pika.ts';
import { expand, pikaMissing, startSmallRig, stopRig } from './rig.ts';

/** 40 MB in about a minute. */
const throttle = 650_000;

interface Count {
  readonly at: number;
  readonly commands: number;
}

/** What the server has counted, without what this test asks it. */
async function counting(server: PikaNode, counts: Count[], signal: AbortSignal): Promise<void> {
  for (let own = 1; !signal.aborted; own += 1) {
    const text = String(await server.send('INFO', 'stats').catch(() => ''));
    const counted = /total_commands_processed:(\d+)/.exec(text)?.[1];
    if (counted !== undefined) counts.push({ at: Date.now(), commands: Number(counted) - own });
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
}

describe.skipIf(pikaMissing !== null)('on real Pika', { timeout: 600_000 }, () => {
  it('a node in full sync and its master count 5 commands a second at most in the mean, at default settings', async () => {
    const rig = await startSmallRig({
      portsAbove: 400,
      settings: { 'throttle-bytes-per-second': throttle },
    });
    const [node] = rig.slaves;
    const counts = { node: [] as Count[], master: [] as Count[] };
    const over = new AbortController();
    const ends = [
      counting(node!, counts.node, over.signal),
      counting(rig.master, counts.master, over.signal),
    ];
    try {
      const ended = await expand(rig, [node!]);
      expect(ended.state).toBe('succeeded');
      const { phases, attempts } = ended.joins[0]!;
      // Of the last attempt: where the full sync was skipped, the node counted the commands of the binlog too. A node that misses a
      // reply attaches again by itself.
      const from = attempts.at(-1)!.startedAt;
      const to = phases.findLast(({ phase }) => phase === 'verifying')!.at;
      for (const [server, counted] of Object.entries(counts)) {
        const asked = (start: number, end: number): number =>
          counted.findLast((count) => count.at <= end)!.commands -
          counted.find((count) => count.at >= start)!.commands;
        for (const [index, { phase, at: begun }] of phases.entries()) {
          const next = phases[index + 1];
          if (next && begun >= from && begun < to)
            console.log(
              `${server}, ${phase}: ${asked(begun, next.at)} commands in ${(next.at - begun) / 1000} s`,
            );
        }
        const perSecond = asked(from, to) / ((to - from) / 1000);
        console.log(`${server}, whole full sync: ${perSecond.toFixed(2)} commands a second`);
        expect(perSecond).toBeLessThanOrEqual(5);
      }
    } finally {
      over.abort();
      await Promise.all(ends);
      await stopRig(rig);
    }
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { gathered } from '../../../src/work/expansion/gathered.ts';
import { aReport, aSeenServer } from '../../support/agents.ts';
import { createMemoryAgents } from '../../support/memory-agents.ts';

describe('what agents tell, asked for by many sessions at nearly the same time', () => {
  let asked: (readonly string[])[];
  let broken: boolean;
  /** Ends the pauses in which questions are gathered. */
  let pauses: (() => void)[];
  let sights: (...addresses: readonly string[]) => Promise<readonly number[]>;
  const next = () => pauses.shift()!();

  beforeEach(async () => {
    asked = [];
    broken = false;
    pauses = [];
    const agents = createMemoryAgents({ reachable: () => undefined });
    const both = aSeenServer('10.0.0.1', 9221);
    await agents.report({
      agent: 'a',
      report: aReport([
        { ...both, addresses: [...both.addresses, { host: '10.1.0.1', port: 9221 }] },
        aSeenServer('10.0.0.1', 9222),
      ]),
      receivedAt: 1,
      nextReportInMs: 1,
      dropped: { addresses: 0, servers: 0 },
    });
    const clock = {
      now: () => 1_800_000_000_000,
      sleep: () => new Promise<void>((resolve) => void pauses.push(resolve)),
    };
    const all = gathered(
      {
        listings: agents.listings,
        async sights(addresses) {
          asked.push(addresses);
          if (broken) throw new Error('the database is away');
          return agents.sights(addresses);
        },
      },
      clock,
    );
    sights = async (...addresses) =>
      (await all.sights(addresses)).map(({ server }) => server.addresses[0]!.port);
  });

  it('is one question for all of them, and each gets what it asked for', async () => {
    const answers = [
      sights('10.0.0.1:9222'),
      sights('10.0.0.9:9221'),
      sights('10.0.0.1:9221', '10.0.0.1:9222'),
    ];
    next();
    expect(await Promise.all(answers)).toEqual([[9222], [], [9221, 9222]]);
    expect(asked).toEqual([['10.0.0.1:9222', '10.0.0.9:9221', '10.0.0.1:9221']]);
  });

  it('names a server once that is asked for by two of its addresses, in any spelling', async () => {
    const answer = sights('10.0.0.1:9221', ' 10.1.0.1:9221');
    next();
    expect(await answer).toEqual([9221]);
  });

  it('who asks after that gets a question of its own, and a failure is of those who asked', async () => {
    broken = true;
    const failed = [sights('10.0.0.1:9221'), sights('10.0.0.1:9222')];
    next();
    for (const one of failed) await expect(one).rejects.toThrow('the database is away');
    broken = false;
    const later = sights('10.0.0.1:9222');
    next();
    expect(await later).toEqual([9222]);
    expect(asked).toHaveLength(2);
  });
});

/** An audit of a real fleet (see pika.test.ts for how to run it). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Expansion, isEnded, needsPerson } from '../../src/model/expansion.ts';
import type { Audit } from '../../src/model/views/audit.ts';
import type { Guard } from '../../src/model/views/guard.ts';
import { hasTheBug, type PikaNode, startPika } from '../support/pika.ts';
import {
  compare,
  fillDistinct,
  naiveBurst,
  pikaMissing,
  quiet,
  type Rig,
  settles,
  startRig,
  stopRig,
  stopWrites,
} from './rig.ts';

if (pikaMissing) console.log(`test/e2e/audits.test.ts is skipped: ${pikaMissing}.`);

const portsAbove = 500;
const firstPort = Number(process.env.PIKA_E2E_PORT ?? 17_100) + portsAbove;

describe.skipIf(pikaMissing !== null)('a fleet of three masters', { timeout: 900_000 }, () => {
  let rig: Rig;
  /** Two more masters, each before its slave. */
  let others: PikaNode[] = [];

  beforeEach(async () => {
    rig = await startRig(portsAbove);
    others = await Promise.all(
      [0, 1, 2, 3].map((i) =>
        startPika({ binary: process.env.PIKA_BIN!, port: firstPort + 100 + 10 * i, settings: {} }),
      ),
    );
    await Promise.all(
      [0, 2].map(async (at) => {
        await fillDistinct(others[at]!, 5000);
        await others[at + 1]!.send('SLAVEOF', '127.0.0.1', others[at]!.port);
        expect(await settles(others[at + 1]!, 300_000)).toBe('up');
      }),
    );
  }, 500_000);

  afterEach(async () => {
    await stopRig(rig);
    await Promise.all(others.map((node) => node.stop()));
  }, 120_000);

  async function call<T>(path: string, body?: object): Promise<T> {
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${rig.service.url}${path}`, body === undefined ? {} : post);
    const answer = (await response.json()) as T;
    expect([response.ok, answer]).toEqual([true, expect.anything()]);
    return answer;
  }

  async function audited(): Promise<Audit> {
    const masters = [rig.master, others[0]!, others[2]!].map(({ name }) => name);
    const startedAt = Date.now();
    const { id } = await call<Audit>('/v1/audits', {
      masters,
      catchUpTimeoutMs: 20_000,
      maxRunningPerHost: 2,
    });
    for (;;) {
      const audit = await call<Audit>(`/v1/audits/${id}`);
      if (audit.endedAt !== null) {
        console.log(
          `audit after ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${JSON.stringify(audit.counts)}`,
        );
        for (const { target, reason } of audit.servers)
          if (reason) console.log(`    ${target.name} ${reason.text}`);
        return audit;
      }
      await sleep(500);
    }
  }

  const verdictsOf = ({ servers }: Audit) =>
    new Map(servers.map(({ target, verdict, reason }) => [target.name, `${verdict} ${reason?.code ?? ''}`]));

  it('of which a burst spoilt slaves: the audit finds these and no other, and their repair makes them whole', async () => {
    const burst = rig.slaves;
    // A node that dies takes its connection with it.
    const settled = await naiveBurst(rig).catch(() => null);
    await stopWrites(rig);
    const truth = await Promise.all(
      burst.map(async (slave, i) => {
        if (settled !== null && settled[i] !== 'up') return settled[i];
        try {
          if ((await settles(slave)) !== 'up') return 'hung';
          await quiet(rig, [slave]);
          return (await compare(rig.master, slave)).missing;
        } catch {
          return 'dead';
        }
      }),
    );
    console.log(`burst: ${truth.join(', ')}`);
    const spoilt = burst.filter((_, i) => typeof truth[i] === 'number' && truth[i] > 0);
    expect(truth.some((each) => each !== 0)).toBe(await hasTheBug(rig.master));

    const first = await audited();
    const found = verdictsOf(first);
    const damaged = first.servers
      .filter(({ verdict }) => verdict === 'damaged')
      .map(({ target }) => target.name);
    expect(damaged).toEqual(spoilt.map(({ name }) => name));
    for (const [i, slave] of burst.entries())
      if (truth[i] === 0) expect(found.get(slave.name)).toBe('whole whole');
    for (const at of [1, 3]) expect(found.get(others[at]!.name)).toBe('whole whole');

    for (const request of first.repairs) {
      const { id } = await call<Expansion>('/v1/expansions', request);
      let expansion = await call<Expansion>(`/v1/expansions/${id}`);
      while (!isEnded(expansion.state) && !needsPerson(expansion.state)) {
        await sleep(500);
        expansion = await call<Expansion>(`/v1/expansions/${id}`);
      }
      expect(expansion.state).toBe('succeeded');
    }
    for (const slave of spoilt)
      expect(await compare(rig.master, slave)).toMatchObject({ missing: 0, foreign: 0, different: 0 });
    const second = verdictsOf(await audited());
    for (const slave of [...spoilt, others[1]!, others[3]!])
      expect(second.get(slave.name)).toBe('whole whole');
  });

  it('that a guard watches: it is silent while all is well, and tells within two looks of what is spoilt', async () => {
    const everyMs = 2000;
    const [first, firstSlave, second, secondSlave] = others as [PikaNode, PikaNode, PikaNode, PikaNode];
    const { id } = await call<Guard>('/v1/guards', { masters: [first.name, second.name], everyMs });
    const until = async (what: string, holds: (guard: Guard) => boolean): Promise<Guard> => {
      for (const endsAt = Date.now() + 60_000; ; await sleep(200)) {
        const guard = await call<Guard>(`/v1/guards/${id}`);
        if (holds(guard)) return guard;
        if (Date.now() > endsAt) throw new Error(`${what}: ${JSON.stringify(guard.masters)}`);
      }
    };
    const found = ({ masters }: Guard) =>
      masters.flatMap(({ findings }) => findings.map(({ server, reason }) => `${server} ${reason.code}`));
    const spoilt = async (what: string, slave: PikaNode, spoil: () => Promise<unknown>) => {
      const before = Date.now();
      await spoil();
      const guard = await until(what, (now) => found(now).includes(`${slave.name} unproven`));
      const { since, reason } = guard.masters
        .flatMap(({ findings }) => findings)
        .find(({ server, reason: { code } }) => server === slave.name && code === 'unproven')!;
      console.log(`guard: ${what}: ${((since - before) / everyMs).toFixed(1)} looks later: ${reason.text}`);
      expect(since - before).toBeLessThan(2.5 * everyMs);
    };

    await until('the slaves are found', ({ counts }) => counts.slaves === 2);
    await fillDistinct(first, 2000);
    await sleep(5 * everyMs);
    expect(found(await call<Guard>(`/v1/guards/${id}`))).toEqual([]);

    await spoilt('another SLAVEOF', firstSlave, () => firstSlave.send('SLAVEOF', '127.0.0.1', second.port));
    await spoilt('FLUSHALL on a slave', secondSlave, async () => {
      await secondSlave.send('SLAVEOF', 'NO', 'ONE');
      await secondSlave.send('FLUSHALL');
    });
    // Attached again: the link is right, and the data are not proven.
    await sleep(6000);
    await secondSlave.send('SLAVEOF', '127.0.0.1', second.port, 'force');
    expect(await settles(secondSlave, 120_000)).toBe('up');
    await until('only what is unproven is left', (guard) =>
      found(guard).every((each) => !each.startsWith(secondSlave.name) || each.endsWith(' unproven')),
    );
    await call(`/v1/guards/${id}/end`, { reason: 'enough' });
  });
});

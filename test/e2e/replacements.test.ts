/** Replacements on real Pika (see pika.test.ts for how to run it). */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import type { Replacement } from '../../src/model/views/replacement.ts';
import { until } from '../support/until.ts';
import { compare, pikaMissing, type Rig, settles, startSmallRig, stopRig } from './rig.ts';

if (pikaMissing) console.log(`test/e2e/replacements.test.ts is skipped: ${pikaMissing}.`);

describe.skipIf(pikaMissing !== null)('a replacement', { timeout: 300_000 }, () => {
  let rig: Rig;
  let reader: Redis | null = null;

  afterEach(async () => {
    reader?.disconnect();
    await stopRig(rig);
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
  const replacementOf = (id: string) => call<Replacement>(`/v1/replacements/${id}`);
  const ended = (id: string): Promise<Replacement> =>
    until(
      async () => {
        const replacement = await replacementOf(id);
        return replacement.endedAt === null ? null : replacement;
      },
      { what: `${id} ends`, withinMs: 180_000, everyMs: 500 },
    );
  const roleOf = async (at: number) =>
    /role:(\w+)/.exec(String(await rig.slaves[at]!.send('INFO', 'replication')))![1];

  it('replaces a slave under a reader, and takes one out while a proven one stays', async () => {
    rig = await startSmallRig({ portsAbove: 700, nodes: 3, keys: 20_000 });
    const [old, other, fresh] = rig.slaves as [Rig['master'], Rig['master'], Rig['master']];
    for (const slave of [old, other]) {
      await slave.send('SLAVEOF', '127.0.0.1', rig.master.port);
      expect(await settles(slave, 120_000)).toBe('up');
    }
    // Clients of the rig itself are there until they are closed.
    for (const slave of [old, other]) slave.client.disconnect();
    reader = new Redis({ port: old.port, protocol: 2, disableClientInfo: true, enableReadyCheck: false });
    reader.on('error', () => undefined);
    await reader.get('base:1');

    const { id } = await call<Replacement>('/v1/replacements', {
      master: rig.master.name,
      replace: [{ old: old.name, new: fresh.name }],
      reason: 'test',
      drainTimeoutMs: 120_000,
    });
    const seen = await until(
      async () => {
        const [pair] = (await replacementOf(id)).pairs;
        return pair!.phase === 'draining' && pair!.readers !== null ? pair : null;
      },
      { what: 'the old one drains', withinMs: 120_000, everyMs: 200 },
    );
    expect(seen.readers).toBe(1);
    for (let at = 0; at < 6; at += 1) {
      await reader.get('base:1');
      await sleep(1000);
    }
    expect((await replacementOf(id)).pairs[0]!.phase).toBe('draining');
    const leftAt = Date.now();
    reader.disconnect();
    const done = await ended(id);
    console.log(`drained and detached ${((Date.now() - leftAt) / 1000).toFixed(1)} s after its reader left`);
    expect([done.state, done.pairs[0]!.phase]).toEqual(['succeeded', 'done']);
    await old.client.connect();
    await other.client.connect();
    expect([await roleOf(0), await roleOf(1), await roleOf(2)]).toEqual(['master', 'slave', 'slave']);
    expect((await compare(rig.master, fresh)).missing).toBe(0);
    // It is left as it is, with its data.
    expect(await old.send('GET', 'base:1')).toBe(await rig.master.send('GET', 'base:1'));
    for (const slave of [old, other]) slave.client.disconnect();

    const taken = await ended(
      (
        await call<Replacement>('/v1/replacements', {
          master: rig.master.name,
          takeOut: [other.name],
          reason: 'test',
          keepVerified: 1,
        })
      ).id,
    );
    expect(taken.state).toBe('succeeded');
    await other.client.connect();
    expect([await roleOf(1), await roleOf(2)]).toEqual(['master', 'slave']);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Control, Expansion } from '../../src/model/expansion.ts';
import type { Look } from '../../src/model/observation.ts';
import { summaryOf } from '../../src/store/expansion-rows.ts';
import { FencedError, type Lease } from '../../src/store/leases.ts';
import { masterKey } from '../../src/store/master-key.ts';
import {
  IdempotencyConflictError,
  NodeInUseError,
  NotFoundError,
  plansOfEach,
  type Store,
} from '../../src/store/store.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { said } from '../support/said.ts';
import { until } from '../support/until.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Lets this much time pass on the store's clock. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Observations kept per node in the stores under test. */
export const observationsPerNode = 20;

const event = (type: string, over: Parameters<typeof storedEvent>[1] = {}) =>
  storedEvent(type, { at: 1_800_000_000_000, data: { nested: { list: [1, 'two', null] } }, ...over });
const control = (id: string, over: Partial<Control> = {}): Control => ({
  id,
  verb: 'pause',
  node: null,
  reason: 'lunch',
  by: 'somebody',
  at: 1,
  ...over,
});
const look = (at: number): Look => ({ kind: 'busy', at, tookMs: 3 });
const quiet = { events: [], lookAgainInMs: null };

/** What every Store keeps to. `make` returns an empty one. */
export function describeStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`Store in ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      under = await make();
      store = under.store;
    });
    afterEach(() => under.close());

    const accepted = async (options: Parameters<typeof newExpansion>[0] = {}) =>
      (await store.accept(newExpansion(options), [], null)).expansion;
    const claimed = async (id: string, owner = 'worker-1', leaseMs = 60_000): Promise<Lease> => {
      const lease = await store.claim(id, owner, leaseMs);
      if (!lease) throw new Error(`expansion ${id} could not be claimed`);
      return lease;
    };
    const endIt = async (expansion: Expansion, lease: Lease) => {
      const after: Expansion = { ...expansion, state: 'cancelled', endedAt: 5 };
      await store.save(lease, expansion, after, quiet);
      return after;
    };

    describe('accept', () => {
      it('keeps the whole expansion and its first events', async () => {
        const expansion = newExpansion({ nodes: ['10.0.0.1:9221', '10.0.0.2:9221'], label: 'ünï 好' });
        const stored = await store.accept(expansion, [event('accepted'), event('planned')], null);
        expect(stored).toEqual({ expansion, replayed: false });
        expect(await store.get(expansion.id)).toEqual(expansion);
        const events = await store.events({ expansionId: expansion.id, afterSeq: 0, limit: 10 });
        expect(events.map(({ seq: _, ...rest }) => rest)).toEqual([
          { ...event('accepted'), expansionId: expansion.id },
          { ...event('planned'), expansionId: expansion.id },
        ]);
      });

      it('makes the expansion due at once (promise 6)', async () => {
        const { id } = await accepted();
        expect(await store.due(10)).toEqual([id]);
      });

      it('answers a repeated request with the expansion of the first', async () => {
        const idempotency = { key: 'k1', fingerprint: 'f1' };
        const first = await store.accept(
          newExpansion({ nodes: ['10.0.0.1:9221'] }),
          [event('accepted')],
          idempotency,
        );
        const again = await store.accept(
          newExpansion({ nodes: ['10.0.0.1:9221'] }),
          [event('accepted')],
          idempotency,
        );
        expect(again).toEqual({ expansion: first.expansion, replayed: true });
        expect(await store.events({ afterSeq: 0, limit: 10 })).toHaveLength(1);
        expect(await store.acceptedUnder(idempotency)).toEqual(first.expansion);
        expect(await store.acceptedUnder({ key: 'k2', fingerprint: 'f1' })).toBeNull();
      });

      it('refuses another request under the same idempotency key', async () => {
        await store.accept(newExpansion(), [], { key: 'k1', fingerprint: 'f1' });
        const other = { key: 'k1', fingerprint: 'f2' };
        await expect(store.accept(newExpansion(), [], other)).rejects.toThrow(IdempotencyConflictError);
        await expect(store.acceptedUnder(other)).rejects.toThrow(IdempotencyConflictError);
      });

      it('accepts a repeated request once, however many come at the same time', async () => {
        const requests = Array.from({ length: 8 }, () =>
          store.accept(newExpansion({ nodes: ['10.0.0.1:9221'] }), [event('accepted')], {
            key: 'k',
            fingerprint: 'f',
          }),
        );
        const answers = await Promise.all(requests);
        expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
        expect(new Set(answers.map((answer) => answer.expansion.id)).size).toBe(1);
      });

      it('refuses a node that another expansion has, under any of its spellings', async () => {
        const first = await accepted({ nodes: ['localhost:9221', 'Pika-2.Test:9221'] });
        const request = newExpansion({ nodes: ['10.0.0.9:9221', '127.0.0.1:9221', 'pika-2.test.:9221'] });
        const refusal = await store.accept(request, [event('accepted')], null).catch((error) => error);
        expect(refusal).toBeInstanceOf(NodeInUseError);
        expect([...refusal.uses].sort((a, b) => (a.node < b.node ? -1 : 1))).toEqual([
          { node: '127.0.0.1:9221', expansionId: first.id },
          { node: 'pika-2.test.:9221', expansionId: first.id },
        ]);
        expect(await store.get(request.id)).toBeNull();
        expect(await store.events({ afterSeq: 0, limit: 10 })).toEqual([]);
        expect(await store.nodesInUse(['10.0.0.9:9221'])).toEqual([]);
      });

      it('refuses a node that is known to the others under the address of another one', async () => {
        const first = await accepted({ nodes: ['10.0.0.1:9221'] });
        const behindNat = newExpansion({ nodes: ['192.168.0.1:19221'] });
        const [join] = behindNat.joins;
        const target = { ...join!.target, seenAs: { host: '10.0.0.1', port: 9221 } };
        const refused = store.accept({ ...behindNat, joins: [{ ...join!, target }] }, [], null);
        await expect(refused).rejects.toMatchObject({
          uses: [{ node: '192.168.0.1:19221', expansionId: first.id }],
        });
      });

      it('gives a node to one of several requests that come at the same time', async () => {
        const nodes = ['10.0.0.1:9221', '10.0.0.2:9221', '10.0.0.3:9221'];
        const orders = [nodes, [...nodes].reverse(), [nodes[1]!, nodes[0]!], [nodes[2]!, nodes[1]!]];
        const answers = await Promise.allSettled(
          orders.map((order) => store.accept(newExpansion({ nodes: order }), [], null)),
        );
        expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
        for (const answer of answers) {
          if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(NodeInUseError);
        }
      });
    });

    describe('what is asked about expansions', () => {
      it('knows nothing of an id that was never stored', async () => {
        expect(await store.get('nobody')).toBeNull();
        expect(await store.claim('nobody', 'worker-1', 1000)).toBeNull();
        expect(await store.pendingControls('nobody')).toEqual([]);
        await expect(store.addControl('nobody', control('c1'))).rejects.toThrow(NotFoundError);
      });

      it('lists newest first, page by page, each expansion once', async () => {
        const ids: string[] = [];
        for (let n = 0; n < 7; n++) {
          // Some of the same millisecond.
          ids.unshift((await accepted({ id: `list-${n}`, acceptedAt: 1000 + Math.floor(n / 3) })).id);
        }
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<Store['list']>> = await store.list({
            limit: 2,
            ...(cursor ? { cursor } : {}),
          });
          seen.push(...page.items.map((item) => item.id));
          cursor = page.nextCursor;
        } while (cursor);
        expect(seen).toEqual(ids);
      });

      it('begins at the newest for a cursor that it never gave out', async () => {
        const { id } = await accepted();
        for (const cursor of [
          'nonsense',
          Buffer.from('[1]').toString('base64url'),
          Buffer.from('["x",{}]').toString('base64url'),
        ]) {
          expect((await store.list({ limit: 5, cursor })).items.map((item) => item.id)).toEqual([id]);
        }
      });

      it('filters by state, master and text', async () => {
        const a = await accepted({
          master: 'Alpha.test:9220',
          nodes: ['10.0.0.1:9221'],
          label: 'Spring %_ clean',
        });
        const b = await accepted({ master: 'beta.test:9220', nodes: ['10.0.0.2:9221'] });
        await endIt(b, await claimed(b.id));
        const ids = async (filter: Partial<Parameters<Store['list']>[0]>) =>
          (await store.list({ limit: 10, ...filter })).items.map((item) => item.id);
        expect(await ids({ states: ['pending'] })).toEqual([a.id]);
        expect(await ids({ states: ['cancelled', 'failed'] })).toEqual([b.id]);
        expect(await ids({ states: [] })).toEqual([]);
        expect(await ids({ master: 'alpha.test:9220' })).toEqual([a.id]);
        expect(await ids({ search: '%_' })).toEqual([a.id]);
        expect(await ids({ search: 'SPRING' })).toEqual([a.id]);
        expect(await ids({ search: '10.0.0.2' })).toEqual([b.id]);
        expect(await ids({ search: 'beta' })).toEqual([b.id]);
        expect(await ids({ search: '\u0000' })).toEqual([]);
      });

      it('lists show of each expansion what summaries hold, of one that has ended as it was at its end', async () => {
        const going = await accepted({ acceptedAt: 2000 });
        const over = await accepted({ acceptedAt: 1000, label: 'over' });
        await endIt(over, await claimed(over.id));
        const { items } = await store.summaries({ limit: 10 });
        const whole = await store.list({ limit: 10 });
        expect(items).toEqual(whole.items.map(summaryOf));
        expect(items.map(({ id, state }) => [id, state])).toEqual([
          [going.id, 'pending'],
          [over.id, whole.items[1]!.state],
        ]);
        expect((await store.summaries({ limit: 1, search: 'OVER' })).items.map(({ id }) => id)).toEqual([
          over.id,
        ]);
      });

      it('tells which expansions are on a master, oldest first, until they end', async () => {
        const late = await accepted({ master: 'localhost:9220', acceptedAt: 2000 });
        const early = await accepted({ master: '127.0.0.1:9220', acceptedAt: 1000 });
        await accepted({ master: '127.0.0.1:9999' });
        const key = masterKey({ host: '127.0.0.1', port: 9220 });
        expect((await store.onMaster(key)).map((entry) => entry.id)).toEqual([early.id, late.id]);
        await endIt(early, await claimed(early.id));
        expect(await store.onMaster(key)).toEqual([{ id: late.id, state: 'pending' }]);
      });

      it('an expansion that is to begin later is not on its master yet', async () => {
        const key = masterKey({ host: '127.0.0.1', port: 9220 });
        await accepted({ master: '127.0.0.1:9220', startAt: 4_000_000_000_000 });
        expect(await store.onMaster(key)).toEqual([]);
        const due = await accepted({ master: '127.0.0.1:9220', startAt: 1 });
        expect(await store.onMaster(key)).toEqual([{ id: due.id, state: 'pending' }]);
      });

      it('tells which expansion worked on a master last, of those that had begun and ended', async () => {
        const key = masterKey({ host: '127.0.0.1', port: 9220 });
        const end = async (startedAt: number | null, endedAt: number, master = '127.0.0.1:9220') => {
          const expansion = await accepted({ master });
          const after = { ...expansion, state: 'cancelled', startedAt, endedAt } as const;
          await store.save(await claimed(expansion.id), expansion, after, quiet);
          return expansion.id;
        };
        expect(await store.lastOnMaster(key)).toBeNull();
        const last = await end(1, 50);
        await end(1, 40);
        await end(null, 60);
        await end(1, 70, '127.0.0.1:9999');
        await accepted({ master: '127.0.0.1:9220' });
        expect(await store.lastOnMaster(key)).toEqual({ id: last, endedAt: 50 });
      });

      it('tells which nodes are in use, in the words of the question', async () => {
        const { id } = await accepted({ nodes: ['localhost:9221'] });
        expect(await store.nodesInUse(['LOCALHOST:9221', '10.0.0.1:9221', 'no address'])).toEqual([
          { node: 'LOCALHOST:9221', expansionId: id },
        ]);
      });
    });

    describe('leases (promise 7)', () => {
      it('gives the lease to one of many at the same time', async () => {
        const { id } = await accepted();
        const claims = await Promise.all(
          Array.from({ length: 10 }, (_, n) => store.claim(id, `worker-${n}`, 60_000)),
        );
        expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
      });

      it('gives it to nobody else while it lasts, not even to its owner again', async () => {
        const { id } = await accepted();
        const lease = await claimed(id);
        expect(lease).toMatchObject({ id, owner: 'worker-1', epoch: 1 });
        expect(await store.claim(id, 'worker-2', 60_000)).toBeNull();
        expect(await store.claim(id, 'worker-1', 60_000)).toBeNull();
        expect(await store.due(10)).toEqual([]);
      });

      it('gives it away when it has run out, and fences off the one who had it', async () => {
        const expansion = await accepted();
        const old = await claimed(expansion.id, 'worker-1', 50);
        await under.advance(60);
        expect(await store.due(10)).toEqual([expansion.id]);
        const fresh = await claimed(expansion.id, 'worker-2');
        expect(fresh.epoch).toBe(old.epoch + 1);

        const after: Expansion = { ...expansion, state: 'running' };
        await expect(
          store.save(old, expansion, after, { ...quiet, events: [event('started')] }),
        ).rejects.toThrow(FencedError);
        await expect(store.renew(old)).rejects.toThrow(FencedError);
        await expect(store.lockMaster(old, ['m'])).rejects.toThrow(FencedError);
        await store.release(old);
        expect(await store.get(expansion.id)).toEqual(expansion);
        expect(await store.events({ afterSeq: 0, limit: 10 })).toEqual([]);

        await store.save(fresh, expansion, after, quiet);
        expect((await store.get(expansion.id))?.state).toBe('running');
      });

      it('keeps a lease that is renewed, and one that saves', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id, 'worker-1', 2400);
        await under.advance(1250);
        await store.renew(lease);
        await under.advance(1250);
        expect(await store.claim(expansion.id, 'worker-2', 1000)).toBeNull();
        await store.save(lease, expansion, expansion, quiet);
        await under.advance(1250);
        expect(await store.claim(expansion.id, 'worker-2', 1000)).toBeNull();
      });

      it('is free at once when it is released, and refuses what the released one still saves', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        await store.release(lease);
        await expect(store.save(lease, expansion, expansion, quiet)).rejects.toThrow(FencedError);
        expect(await store.claim(expansion.id, 'worker-2', 1000)).toMatchObject({ epoch: 2 });
      });

      it('gives no lease on an expansion that has ended', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        await endIt(expansion, lease);
        await store.release(lease);
        expect(await store.claim(expansion.id, 'worker-2', 1000)).toBeNull();
      });
    });

    describe('save', () => {
      it('stores the joins that changed and leaves the others', async () => {
        const expansion = await accepted({ nodes: ['a.test:1', 'b.test:1', 'c.test:1'] });
        const lease = await claimed(expansion.id);
        const [a, b, c] = expansion.joins as [
          Expansion['joins'][0],
          Expansion['joins'][0],
          Expansion['joins'][0],
        ];
        const changed = {
          ...b,
          phase: 'transferring' as const,
          progress: { ...b.progress, receivedBytes: 2 ** 52 },
        };
        const after = { ...expansion, state: 'running' as const, joins: [a, changed, c] };
        await store.save(lease, expansion, after, { ...quiet, lookAgainInMs: 1000 });
        expect(await store.get(expansion.id)).toEqual(after);
      });

      it('keeps what a hostile node answered, as far as text can be kept', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        const [join] = expansion.joins;
        const after = {
          ...expansion,
          stateReason: said('said \u0000 and \ud800 and \\u0000'),
          joins: [{ ...join!, waitingFor: said('half a pair \udfff, a whole one 😀') }],
        };
        await store.save(lease, expansion, after, {
          lookAgainInMs: null,
          events: [event('odd', { text: 'a\u0000b', node: 'n\u0000', data: { 'k\u0000': '\udc00' } })],
          observations: [{ node: 'n\u0000', look: { kind: 'garbled', at: 1, message: '\u0000\ud83d' } }],
        });
        const stored = await store.get(expansion.id);
        expect(stored?.stateReason?.text).toBe('said \ufffd and \ufffd and \\u0000');
        expect(stored?.joins[0]?.waitingFor?.text).toBe('half a pair \ufffd, a whole one 😀');
        const [kept] = await store.events({ expansionId: expansion.id, afterSeq: 0, limit: 1 });
        expect(kept).toMatchObject({ text: 'a\ufffdb', node: 'n\ufffd', data: { 'k\ufffd': '\ufffd' } });
      });

      it('says when to look again: after the time given, or only when rung for', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        await store.save(lease, expansion, expansion, { ...quiet, lookAgainInMs: 1500 });
        await store.release(lease);
        expect(await store.due(10)).toEqual([]);
        await under.advance(1520);
        expect(await store.due(10)).toEqual([expansion.id]);

        const again = await claimed(expansion.id);
        await store.save(again, expansion, expansion, quiet);
        await store.release(again);
        await under.advance(50);
        expect(await store.due(10)).toEqual([]);
      });

      it('tells what a dead worker left apart from what nobody has begun', async () => {
        const [begun, waiting] = [await accepted(), await accepted({ nodes: ['10.0.0.9:9221'] })];
        const lease = (await store.claim(begun.id, 'dies', 1000))!;
        await store.save(lease, begun, begun, { ...quiet, lookAgainInMs: 0 });
        expect(await store.left(10)).toEqual([]);
        expect(await store.held()).toBe(1);
        await under.advance(1020);
        expect(await store.held()).toBe(0);
        expect(await store.left(10)).toEqual([begun.id]);
        expect([...(await store.due(10))].sort()).toEqual([begun.id, waiting.id].sort());
        await claimed(begun.id);
        expect(await store.left(10)).toEqual([]);
      });

      it('unlocks nodes and master when the expansion ends', async () => {
        const expansion = await accepted({ nodes: ['10.0.0.1:9221'] });
        const lease = await claimed(expansion.id);
        expect(await store.lockMaster(lease, ['m1', 'run-id'])).toBe(true);
        const after = await endIt(expansion, lease);
        expect(await store.get(expansion.id)).toEqual(after);
        expect(await store.nodesInUse(['10.0.0.1:9221'])).toEqual([]);
        expect(await store.due(10)).toEqual([]);
        const next = await accepted({ nodes: ['10.0.0.1:9221'] });
        expect(await store.lockMaster(await claimed(next.id), ['m1'])).toBe(true);
      });

      it('numbers events in the order in which they become visible, over all expansions', async () => {
        expect(await store.lastSeq()).toBe(0);
        const expansions = await Promise.all(Array.from({ length: 6 }, () => accepted()));
        let seenUpTo = 0;
        const seen: number[] = [];
        const read = async () => {
          for (const { seq } of await store.events({ afterSeq: seenUpTo, limit: 1000 })) {
            seen.push(seq);
            seenUpTo = seq;
          }
        };
        let writing = true;
        const reader = (async () => {
          while (writing) await read();
        })();
        await Promise.all(
          expansions.map(async (expansion) => {
            const lease = await claimed(expansion.id);
            for (let n = 0; n < 20; n++) {
              await store.save(lease, expansion, expansion, { ...quiet, events: [event('a'), event('b')] });
            }
          }),
        );
        writing = false;
        await reader;
        await read();
        expect(seen).toHaveLength(6 * 20 * 2);
        expect(seen).toEqual([...seen].sort((x, y) => x - y));
        expect(await store.lastSeq()).toBe(seen.at(-1));
      });

      it('filters events by expansion, type and node', async () => {
        const [one, two] = [await accepted(), await accepted()];
        const lease = await claimed(one.id);
        const events = [event('a', { node: 'n1' }), event('b', { node: 'n2' }), event('c', { node: 'n1' })];
        await store.save(lease, one, one, { ...quiet, events });
        await store.save(await claimed(two.id), two, two, { ...quiet, events: [event('a')] });
        const types = async (filter: Partial<Parameters<Store['events']>[0]>) =>
          (await store.events({ afterSeq: 0, limit: 10, ...filter })).map((found) => found.type);
        expect(await types({})).toEqual(['a', 'b', 'c', 'a']);
        expect(await types({ expansionId: one.id, node: 'n1' })).toEqual(['a', 'c']);
        expect(await types({ types: ['c', 'b', 'c'] })).toEqual(['b', 'c']);
        expect(await types({ types: ['a'], expansionId: one.id, limit: 1 })).toEqual(['a']);
        expect(await types({ limit: 1 })).toEqual(['a']);
        expect(await types({ expansionId: 'nobody' })).toEqual([]);
      });
    });

    describe('news of events', () => {
      it('tell whose they are, once they can be read, and nothing after the end', async () => {
        const heard: (string | null)[] = [];
        let readable = 0;
        const watch = store.watchEvents((owner) => {
          heard.push(owner);
          void store.events({ afterSeq: 0, limit: 10 }).then((events) => {
            readable = events.length;
          });
        });
        await until(() => heard.length > 0);
        expect(heard).toEqual([null]);
        const expansion = newExpansion();
        await store.accept(expansion, [event('accepted'), event('planned')], null);
        await until(() => heard.includes(expansion.id) && readable === 2);
        const other = newExpansion();
        await store.accept(other, [event('accepted')], null);
        await until(() => heard.includes(other.id));
        await watch.close();
        const before = heard.length;
        const late = newExpansion();
        await store.accept(late, [event('accepted')], null);
        expect(heard.slice(before)).toEqual([]);
      });
    });

    describe('controls', () => {
      it('are handed out in order until a save has applied them', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        await store.addControl(expansion.id, control('c2', { verb: 'retry', node: 'n1' }));
        await store.addControl(expansion.id, control('c1'));
        await store.addControl(expansion.id, control('c1'));
        expect(await store.pendingControls(expansion.id)).toEqual([
          control('c2', { verb: 'retry', node: 'n1' }),
          control('c1'),
        ]);
        await store.save(lease, expansion, expansion, { ...quiet, appliedControls: ['c2'] });
        expect(await store.pendingControls(expansion.id)).toEqual([control('c1')]);
      });

      it('are told of by one question for all expansions, until they are applied or the expansion has ended', async () => {
        const [first, second, third] = [await accepted(), await accepted(), await accepted()];
        const withControls = async () => (await store.orders()).withControls;
        expect(await withControls()).toEqual([]);
        for (const { id } of [second, second, third]) await store.addControl(id, control(`c-${id}`));
        expect([...(await withControls())].sort()).toEqual([second.id, third.id].sort());
        expect(await withControls()).not.toContain(first.id);
        const lease = await claimed(second.id);
        await store.save(lease, second, second, { ...quiet, appliedControls: [`c-${second.id}`] });
        expect(await withControls()).toEqual([third.id]);
        const ended = { ...third, state: 'cancelled' as const };
        await store.save(await claimed(third.id), third, ended, quiet);
        expect(await withControls()).toEqual([]);
      });

      it('make the expansion due, though it waits to be rung for and the ring was lost (promise 6)', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        await store.save(lease, expansion, expansion, quiet);
        await store.release(lease);
        expect(await store.due(10)).toEqual([]);
        await store.addControl(expansion.id, control('c1', { verb: 'resume' }));
        expect(await store.due(10)).toEqual([expansion.id]);
      });

      it('keep the expansion due when one comes in while the worker saves that it waits to be rung for', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        await store.addControl(expansion.id, control('c1'));
        await store.save(lease, expansion, expansion, quiet);
        await store.release(lease);
        expect(await store.due(10)).toEqual([expansion.id]);
      });
    });

    describe('lockMaster', () => {
      it('lets one expansion at a time have a master, by any of its keys', async () => {
        const [one, two] = [await accepted(), await accepted()];
        const [leaseOne, leaseTwo] = [await claimed(one.id), await claimed(two.id)];
        expect(await store.lockMaster(leaseOne, ['10.0.0.1:9220'])).toBe(true);
        expect(await store.lockMaster(leaseOne, ['10.0.0.1:9220', 'run-1'])).toBe(true);
        expect(await store.lockMaster(leaseTwo, ['other.name:9220', 'run-1'])).toEqual({ heldBy: one.id });
        await endIt(one, leaseOne);
        expect(await store.lockMaster(leaseTwo, ['other.name:9220', 'run-1'])).toBe(true);
      });

      it('keeps none of the keys when one of them is held', async () => {
        const [one, two, three] = [await accepted(), await accepted(), await accepted()];
        await store.lockMaster(await claimed(one.id), ['run-1']);
        await store.lockMaster(await claimed(two.id), ['a', 'run-1']);
        expect(await store.lockMaster(await claimed(three.id), ['a'])).toBe(true);
      });

      it('has one winner among many at the same time, whatever the order of their keys', async () => {
        const expansions = await Promise.all(Array.from({ length: 6 }, () => accepted()));
        const leases = await Promise.all(expansions.map(({ id }) => claimed(id)));
        const answers = await Promise.all(
          leases.map((lease, n) =>
            store.lockMaster(lease, n % 2 ? ['a', 'b', `own-${n}`] : [`own-${n}`, 'b', 'a']),
          ),
        );
        expect(answers.filter((answer) => answer === true)).toHaveLength(1);
      });
    });

    describe('observations', () => {
      it('are kept in order, per node', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        const observations = [
          { node: 'n1', look: look(1) },
          { node: 'm', look: look(2) },
          { node: 'n1', look: look(3) },
        ];
        await store.save(lease, expansion, expansion, { ...quiet, observations });
        const all = await store.observations({ expansionId: expansion.id, afterSeq: 0, limit: 10 });
        expect(all.map(({ node, at }) => [node, at])).toEqual([
          ['n1', 1],
          ['m', 2],
          ['n1', 3],
        ]);
        const rest = await store.observations({
          expansionId: expansion.id,
          node: 'n1',
          afterSeq: all[0]!.seq,
          limit: 10,
        });
        expect(rest).toEqual([
          { seq: all[2]!.seq, expansionId: expansion.id, node: 'n1', at: 3, look: look(3) },
        ]);
      });

      it('stay bounded: the first and the recent ones are kept, of those between fewer', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        const taken = observationsPerNode * 12;
        for (let at = 1; at <= taken; at++) {
          await store.save(lease, expansion, expansion, {
            ...quiet,
            observations: [{ node: 'n1', look: look(at) }],
          });
        }
        const kept = await store.observations({ expansionId: expansion.id, afterSeq: 0, limit: 1000 });
        const times = kept.map((one) => one.at);
        expect(times.length).toBeLessThanOrEqual(observationsPerNode * 2);
        expect(times.length).toBeGreaterThan(observationsPerNode / 2);
        expect(times[0]).toBe(1);
        const recent = Array.from(
          { length: observationsPerNode / 2 },
          (_, n) => taken - observationsPerNode / 2 + 1 + n,
        );
        expect(times.slice(-recent.length)).toEqual(recent);
      });
    });

    it('freezes and thaws, and tells who did it, why and since when', async () => {
      const thawed = { frozen: false, reason: null, by: null, since: null };
      expect(await store.freezeState()).toEqual(thawed);
      expect((await store.orders()).freeze).toEqual(thawed);
      const frozen = await store.freeze({ reason: 'storm', by: 'ann' });
      expect(frozen).toEqual({ frozen: true, reason: 'storm', by: 'ann', since: expect.any(Number) });
      expect(await store.freezeState()).toEqual(frozen);
      const second = store.freeze({ reason: 'still', by: 'bob' });
      await expect(second).rejects.toMatchObject({ code: 'already_frozen', first: frozen });
      expect(await store.freezeState()).toEqual(frozen);
      expect((await store.orders()).freeze).toEqual(frozen);
      expect((await store.unfreeze({ reason: 'over', by: 'bob' })).frozen).toBe(false);
      expect((await store.freezeState()).frozen).toBe(false);
    });

    it('tells of a freeze, and of its end, in the history of each expansion that has not ended', async () => {
      const open = await accepted({ nodes: ['10.0.0.1:9221'] });
      const over = await accepted({ nodes: ['10.0.0.2:9221'] });
      await endIt(over, await claimed(over.id));
      const before = await store.lastSeq();
      const storm = { reason: 'storm', by: 'ann' };
      await store.freeze(storm);
      await store.unfreeze({ reason: 'calm', by: 'bob' });
      await store.unfreeze({ reason: 'again', by: 'bob' });
      const told = await store.events({ afterSeq: before, limit: 10 });
      expect(told.map(({ expansionId, type, data }) => ({ expansionId, type, data }))).toEqual([
        { expansionId: open.id, type: 'freeze.on', data: storm },
        { expansionId: open.id, type: 'freeze.lifted', data: { reason: 'calm', by: 'bob' } },
      ]);
      expect(told[0]!.text).toContain('storm');
      expect(told[0]!.at).toBeGreaterThan(1_500_000_000_000);
    });

    it('keeps plans', async () => {
      await store.savePlan({ id: 'p1', at: 7, doc: { batches: [['a'], ['b']] } }, 'alice');
      await store.savePlan({ id: 'p1', at: 8, doc: { batches: [] } }, 'alice');
      expect(await store.getPlan('p1')).toEqual({ id: 'p1', at: 8, doc: { batches: [] } });
      expect(await store.getPlan('p2')).toBeNull();
    });

    it('lists the plans of a requester, the newest first', async () => {
      for (const id of ['p1', 'p2', 'p3']) await store.savePlan({ id, at: 7, doc: { of: id } }, 'alice');
      await store.savePlan({ id: 'p4', at: 8, doc: {} }, 'bob');
      expect(await store.plansOf('alice', 2)).toEqual([
        { id: 'p3', at: 7, doc: { of: 'p3' } },
        { id: 'p2', at: 7, doc: { of: 'p2' } },
      ]);
      expect(await store.plansOf('carol', 2)).toEqual([]);
    });

    it('keeps of each requester the newest plans, and takes away nobody else’s', async () => {
      const save = (id: string, by: string) => store.savePlan({ id, at: 1, doc: {} }, by);
      const saved = async (id: string) => (await store.getPlan(id)) !== null;
      await save('of bob', 'bob');
      for (let n = 0; n <= plansOfEach; n += 1) await save(`${n}`, 'alice');
      expect([await saved('0'), await saved('1'), await saved(`${plansOfEach}`)]).toEqual([
        false,
        true,
        true,
      ]);
      expect(await saved('of bob')).toBe(true);
    });

    it('names the longest overdue expansions first, as many as asked for', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 4; n++) {
        ids.push((await accepted()).id);
        await under.advance(5);
      }
      expect(await store.due(10)).toEqual(ids);
      expect(await store.due(2)).toEqual(ids.slice(0, 2));
    });

    it('can be pinged', async () => {
      await until(() => store.ping().then(() => true));
    });

    describe('slots for full syncs', () => {
      const limits = { total: null, perNodeHost: null, perMasterHost: null };
      const slot = (expansionId: string, position: number, nodeHost = 'h1', masterHost = 'm1') => ({
        expansionId,
        position,
        nodeHost,
        masterHost,
      });

      it('never gives more than the limit, whoever asks at the same time', async () => {
        const leases = await Promise.all(
          Array.from({ length: 6 }, async (_, n) => claimed((await accepted()).id, `worker-${n}`)),
        );
        const answers = await Promise.all(
          leases.map((lease) =>
            store.syncSlots(lease, {
              held: [],
              wanted: [slot(lease.id, 0)],
              limits: { ...limits, total: 2 },
            }),
          ),
        );
        expect(answers.filter(({ refused }) => refused.length === 0)).toHaveLength(2);
      });

      it('counts by host, names who holds them, and takes back what is no longer asked for', async () => {
        const [a, b] = [await claimed((await accepted()).id), await claimed((await accepted()).id)];
        const perHost = { ...limits, perNodeHost: 1 };
        const ask = (lease: Lease, wanted: readonly ReturnType<typeof slot>[]) =>
          store.syncSlots(lease, { held: [], wanted, limits: perHost });
        await ask(a, [slot(a.id, 0), slot(a.id, 1, 'h2')]);
        const refused = await ask(b, [slot(b.id, 3)]);
        expect(refused.refused).toEqual([
          {
            position: 3,
            reason: expect.objectContaining({ text: expect.stringContaining(`expansion ${a.id}`) }),
          },
        ]);
        expect(refused.others).toEqual([slot(a.id, 0), slot(a.id, 1, 'h2')]);
        await ask(a, [slot(a.id, 1, 'h2')]);
        expect((await ask(b, [slot(b.id, 3)])).refused).toEqual([]);
      });

      it('notes what is under way even beyond the limit, and gives it back at the end', async () => {
        const expansion = await accepted();
        const lease = await claimed(expansion.id);
        const other = await claimed((await accepted()).id);
        const one = { ...limits, total: 1 };
        const held = [slot(expansion.id, 0), slot(expansion.id, 1)];
        expect((await store.syncSlots(lease, { held, wanted: [], limits: one })).refused).toEqual([]);
        const wanted = [slot(other.id, 0)];
        expect((await store.syncSlots(other, { held: [], wanted, limits: one })).refused).toHaveLength(1);
        await endIt(expansion, lease);
        expect((await store.syncSlots(other, { held: [], wanted, limits: one })).refused).toEqual([]);
      });

      it('gives none to a worker that has lost its lease', async () => {
        const { id } = await accepted();
        const old = await claimed(id, 'worker-1', 50);
        await under.advance(60);
        await claimed(id, 'worker-2');
        await expect(store.syncSlots(old, { held: [], wanted: [], limits })).rejects.toThrow(FencedError);
      });
    });
  });
}

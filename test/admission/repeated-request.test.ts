import { expect, it } from 'vitest';
import { createAdmission } from '../../src/admission/admission.ts';
import { idempotencyOf } from '../../src/admission/fingerprint.ts';
import { idMaker } from '../../src/admission/ids.ts';
import { createPikaEngine } from '../../src/engines/pika/index.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { newExpansion } from '../support/expansions.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const body = { master: '127.0.0.1:1', nodes: ['127.0.0.1:2'] };
const who = { name: 'test', via: 'rest' } as const;

/** An admission in whose preflight `meanwhile` happens. Nothing listens at the nodes: preflight refuses. */
function admissionWith(meanwhile: (store: ReturnType<typeof createMemoryStore>) => Promise<unknown>) {
  const store = createMemoryStore({ now: Date.now });
  return createAdmission({
    store: {
      ...store,
      nodesInUse: async (addresses) => {
        await meanwhile(store);
        return store.nodesInUse(addresses);
      },
    },
    doorbell: {
      ring: async () => undefined,
      ringAgain: async () => undefined,
      workers: async () => 1,
      ping: async () => undefined,
      close: async () => undefined,
    },
    engine: createPikaEngine(),
    credentials: { get: () => null, names: [] },
    now: Date.now,
    sleep: async () => undefined,
    newId: idMaker(Date.now),
    limits: { maxNodes: 10, lookTimeoutMs: 1000 },
  });
}

it('a request sent again gets its expansion although the first one was accepted only after it had come', async () => {
  const expansion = newExpansion({ master: body.master, nodes: body.nodes });
  const idempotency = idempotencyOf(who, 'order-1', body);
  const admission = admissionWith((store) => store.accept(expansion, [], idempotency));
  expect(await admission.expand(body, who, 'order-1')).toMatchObject({
    expansion: { id: expansion.id },
    replayed: true,
  });
});

it("another one's expansion on the same node is still a refusal", async () => {
  const expansion = newExpansion({ master: body.master, nodes: body.nodes });
  const admission = admissionWith((store) =>
    store.accept(expansion, [], idempotencyOf(who, 'order-2', body)),
  );
  await expect(admission.expand(body, who, 'order-1')).rejects.toThrow(Refusal);
});

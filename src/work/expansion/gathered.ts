import type { ReadAgents } from '../../admission/sights.ts';
import type { StoredSight } from '../../store/agents.ts';
import { addressKey, masterKey } from '../../store/master-key.ts';
import type { Clock } from './observer.ts';

interface Question {
  readonly addresses: Set<string>;
  readonly answer: Promise<ReadonlyMap<string, readonly StoredSight[]>>;
}

const gatherMs = 10;

/** Sights that many sessions ask for at nearly the same time: one question to the database for all of them. */
export function gathered(agents: ReadAgents, clock: Clock): ReadAgents {
  let open: Question | null = null;

  async function ask(addresses: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly StoredSight[]>> {
    await clock.sleep(gatherMs);
    open = null;
    const byAddress = new Map<string, StoredSight[]>();
    for (const sight of await agents.sights([...addresses])) {
      for (const address of new Set(sight.server.addresses.map(masterKey)))
        byAddress.set(address, [...(byAddress.get(address) ?? []), sight]);
    }
    return byAddress;
  }

  return {
    listings: (...asked) => agents.listings(...asked),
    async sights(addresses) {
      if (open === null) {
        const asked = new Set<string>();
        open = { addresses: asked, answer: ask(asked) };
      }
      for (const address of addresses) open.addresses.add(address);
      const found = await open.answer;
      return [...new Set(addresses.flatMap((address) => found.get(addressKey(address)) ?? []))];
    },
  };
}

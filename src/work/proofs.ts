import { targetOf } from '../core/audit/audit.ts';
import type { Seen } from '../core/audit/judge.ts';
import { sameServer } from '../core/plan/preflight-node.ts';
import type { Beside } from '../core/replacement/slaves.ts';
import { isIpv4 } from '../model/addresses.ts';
import { formatAddress, type Look } from '../model/observation.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAuditServer } from '../model/views/audit.ts';
import type { AuditStore, ProvenSlave } from '../store/audits.ts';
import { masterKey } from '../store/master-key.ts';

/**
 * When each of these slaves of a master was last proven whole, in their order: by an expansion, of those in `proven` (the latest first), or by an
 * audit. null = never. Throws StoreUnavailableError.
 */
export async function lastProofs(
  audits: Pick<AuditStore, 'lastWhole'>,
  master: NodeTarget,
  slaves: readonly NodeTarget[],
  proven: readonly ProvenSlave[],
): Promise<readonly StoredAuditServer['wholeAt'][]> {
  const byAudits = await audits.lastWhole(slaves, master);
  return slaves.map(({ address }, at) => {
    const place = masterKey(address);
    const byExpansion = proven.find(({ slave }) => masterKey(slave.address) === place)?.wholeAt ?? null;
    const proofs = [byExpansion, byAudits[at] ?? null].filter((proof) => proof !== null);
    return proofs.sort((a, b) => b.at - a.at)[0] ?? null;
  });
}

/** Slaves of one master that expansions proved; more are not asked for. */
export const mostProven = 1000;

const placesOf = ({ address, seenAs }: NodeTarget): readonly string[] => [
  masterKey(address),
  masterKey(seenAs),
];

/** Whether both name one server. */
export const isSameServer = (a: NodeTarget, b: NodeTarget): boolean =>
  placesOf(a).some((place) => placesOf(b).includes(place));

/** A server with a look at it; null = none came in time. */
export interface LookedAt {
  readonly target: NodeTarget;
  readonly look: Look | null;
}

const howOne = (a: LookedAt, b: LookedAt) =>
  a.look === null || b.look === null
    ? null
    : sameServer({ target: a.target, look: a.look }, { target: b.target, look: b.look });

/** Whether anything says that both are one server, what they say of their processes too. */
const mayBeOne = (a: LookedAt, b: LookedAt): boolean =>
  isSameServer(a.target, b.target) || howOne(a, b) !== null;

/** What a server says of itself gives it no proof of another: connections to both must lead to one address. */
const isAtOneAddress = (a: LookedAt, b: LookedAt): boolean => howOne(a, b) === 'address';

/** Beside those that a master lists, so many proven slaves are looked at by their names: the newest proofs. */
const mostNamed = 16;

/**
 * The slaves that a master lists, but for those in `without`, each with a look and with what proves it. A master lists slaves by
 * their IP addresses: who was named otherwise is known by its look. `known`: how the service reaches slaves where the listed
 * address does not lead to them. null = the master does not tell. Throws StoreUnavailableError.
 */
export async function slavesBeside(
  audits: Pick<AuditStore, 'lastWhole' | 'provenOf'>,
  look: (target: NodeTarget) => Promise<Look>,
  master: Seen,
  {
    without,
    gone = [],
    known,
  }: {
    readonly without: readonly LookedAt[];
    /** Left out as well, wherever they are. */
    readonly gone?: readonly NodeTarget[];
    readonly known: readonly NodeTarget[];
  },
): Promise<Beside | null> {
  const listed = master.look.kind === 'answered' ? master.look.facts.replication?.slaves : undefined;
  if (listed === undefined) return null;
  const proven = await audits.provenOf(master.target, mostProven);
  const reached = [...known, ...without.map(({ target }) => target), ...proven.map(({ slave }) => slave)];
  const targets = listed
    .map((slave) => targetOf(slave, master.target, reached))
    .filter((target) => !gone.some((other) => isSameServer(other, target)));
  const isListed = (target: NodeTarget) => targets.some((other) => isSameServer(other, target));
  const stay = targets.filter((target) => !without.some((other) => isSameServer(other.target, target)));
  const apart = [...new Map(stay.map((target) => [formatAddress(target.address), target])).values()];
  const named = proven
    .map(({ slave }) => slave)
    .filter((slave) => !isIpv4(slave.seenAs.host) && !isListed(slave))
    .slice(0, listed.length + mostNamed);
  const seen = async (target: NodeTarget) => ({ target, look: await look(target) });
  const [looked, byName] = await Promise.all([Promise.all(apart.map(seen)), Promise.all(named.map(seen))]);
  const slaves = looked
    .filter((slave) => !without.some((other) => mayBeOne(other, slave)))
    .map((slave) => byName.find((other) => isAtOneAddress(other, slave)) ?? slave);
  const proofs = await lastProofs(
    audits,
    master.target,
    slaves.map(({ target }) => target),
    proven,
  );
  return {
    slaves: slaves.map((slave, at) => ({
      seen: { ...slave, capabilities: null },
      proof: proofs[at] ?? null,
    })),
    unplaced: without
      .filter(({ target, look: own }) => own?.kind !== 'answered' && !isListed(target))
      .map(({ target }) => target.name),
  };
}

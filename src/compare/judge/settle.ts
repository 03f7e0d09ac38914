import type { Difference, DifferenceKind, DifferenceSign, KeyType } from '../../model/comparison.ts';
import { faultSays } from '../../model/comparison-texts.ts';
import { inTurns } from '../../platform/in-turns.ts';
import { ErrorReply, numberIn, ReplyReader } from '../../resp/reader.ts';
import { CommandWriter } from '../../resp/writer.ts';
import type { Clock } from '../pace.ts';
import type { Pair, SideName } from '../pair.ts';
import { Portion } from '../portion.ts';
import { printKey } from '../walk/keys.ts';
import {
  digestFinding,
  type ExpiryCommand,
  expiryCommand,
  type Finding,
  isAbsentTtl,
  probeArguments,
  readFinding,
  type Suspect,
} from '../wire/probe.ts';
import { hasPassed, readPosition, typesOf } from '../wire/server.ts';
import { accepted, errorFromReply, type RawReplies, WireError } from '../wire/wire.ts';
import type { Tally } from './tally.ts';

export interface SettleOptions {
  /** A suspect that differs in this many rounds is a difference. */
  readonly rounds: number;
  readonly ttlToleranceMs: number;
  /** How long the follower may take to reach the leader's position. Milliseconds. */
  readonly catchUpTimeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Pauses before the rounds, in milliseconds: Pika moves a slave's offset before it applies the write. */
const pausesBehindLeader = [0, 50, 150, 400];
/** Nothing says when a write must have arrived: time has to do. */
const pausesWithoutLeader = [100, 300, 700, 1000];
/** Looks at a key that changes at every look, before it is called undecided. */
const mostLooks = 40;
/** Looks after which a key that changes all the time is looked at many times on end. */
const looksBeforeBurst = 6;
const burst = 32;
const burstPauseMs = 2;
/** Suspects of one look: few, so that little time passes between its readings, and fewer where replies are large. */
const suspectsPerLook = 1000;
/** Pending suspects, and bytes of their names, that make the walk stop and look again at them. */
const mostPending = 20_000;
const mostPendingBytes = 16 * 1024 * 1024;
/** Keys whose types, or expiries, are asked for together. */
const keysPerBatch = 2000;

type Judgement =
  | { readonly is: 'equal' | 'moving' }
  | { readonly is: 'differing'; readonly leader: Finding; readonly follower: Finding };

interface Pending {
  readonly suspect: Suspect;
  agreed: number;
  looks: number;
  last: { readonly leader: Found; readonly follower: Found } | null;
}

/** Of a finding, what a difference tells. */
type Found = Pick<Finding, 'present' | 'size' | 'text' | 'ttlMs'>;

const keep = ({ present, size, text, ttlMs }: Finding): Found => ({ present, size, text, ttlMs });

/**
 * Looks again at what differed, until each of it is a difference or none.
 *
 * One round: read the leader, capture its position, wait until the follower has passed it, read the follower, read the
 * leader again. If the leader said the same both times, no write touched the key in between, so the follower must
 * agree; if it does not, the round counts. What differs in `rounds` rounds is a difference. A key that was being
 * written is looked at in a later round; of a hash, set or zset only the members that stood still are judged.
 * Throws WireError when a server cannot be read, or the follower does not come to the leader's position.
 */
export class Settler {
  readonly #pair: Pair;
  readonly #tally: Tally;
  readonly #options: SettleOptions;
  readonly #expiry: ExpiryCommand;
  readonly #portion: Portion;
  #suspects: Suspect[] = [];
  #pendingBytes = 0;
  /** Collections judged by their sizes because their members are too many bytes to be read together. */
  readonly #judgedBySize = new WeakSet<Suspect>();
  #agreedInSize: Suspect[] = [];
  readonly #inTurn = inTurns(1);

  constructor(pair: Pair, tally: Tally, options: SettleOptions) {
    this.#pair = pair;
    this.#tally = tally;
    this.#options = options;
    this.#portion = new Portion(pair, suspectsPerLook);
    this.#expiry = expiryCommand(pair.left.facts, pair.right.facts);
  }

  get expiry(): ExpiryCommand {
    return this.#expiry;
  }

  get pending(): number {
    return this.#suspects.length;
  }

  /** Takes note of a string that is unequal, or on one side only. */
  suspectString(key: Buffer): void {
    this.suspect({ type: 'string', key, probe: { of: this.#pair.isCutShort(key) ? 'listed' : 'whole' } });
  }

  /** Takes note of it; the key's bytes are copied, since they mostly lie in a reply that is about to be reused. */
  suspect(suspect: Suspect): void {
    this.#suspects.push({ ...suspect, key: Buffer.from(suspect.key) });
    this.#pendingBytes +=
      suspect.key.length + (suspect.probe.of === 'member' ? suspect.probe.name.length : 0);
  }

  async settleIfMany(): Promise<void> {
    if (this.#suspects.length >= mostPending || this.#pendingBytes >= mostPendingBytes) await this.settle();
  }

  /** Collections of which it is settled that their sizes agree, and no more: their members are still to be compared. */
  takeAgreedInSize(): readonly Suspect[] {
    return this.#agreedInSize.splice(0);
  }

  /** Decides about every suspect of the selected DB. Returns those that are differences. */
  settle(): Promise<readonly Suspect[]> {
    return this.#inTurn(() => this.#settle());
  }

  async #settle(): Promise<readonly Suspect[]> {
    let open: Pending[] = withoutDoubles(this.#suspects).map((suspect) => ({
      suspect,
      agreed: 0,
      looks: 0,
      last: null,
    }));
    this.#suspects = [];
    this.#pendingBytes = 0;
    const confirmed: Pending[] = [];
    const pauses = this.#pair.leader === null ? pausesWithoutLeader : pausesBehindLeader;
    let lookedAt = this.#options.clock.now();
    for (let round = 0; open.length > 0; round++) {
      const pause = pauses[Math.min(round, pauses.length - 1)]!;
      await this.#sleep(pause - (this.#options.clock.now() - lookedAt));
      lookedAt = this.#options.clock.now();
      for (let i = 0; i < open.length; ) {
        const group = open.slice(i, i + this.#portion.size);
        await this.#look(group);
        i += group.length;
      }
      confirmed.push(...open.filter((pending) => pending.agreed >= this.#options.rounds));
      open = this.#stillOpen(open);
    }
    await this.#report(confirmed);
    return confirmed.map((pending) => pending.suspect);
  }

  #stillOpen(pendings: readonly Pending[]): Pending[] {
    return pendings.filter((pending) => {
      if (pending.looks < 0) {
        this.#tally.settled();
        const { suspect } = pending;
        if (suspect.probe.of === 'size' || this.#judgedBySize.has(suspect)) this.#agreedInSize.push(suspect);
        return false;
      }
      if (pending.agreed >= this.#options.rounds) return false;
      if (pending.looks < mostLooks) return true;
      this.#tally.undecided(printKey(pending.suspect.key));
      return false;
    });
  }

  async #look(group: readonly Pending[]): Promise<void> {
    const restless = group.filter((pending) => pending.looks >= looksBeforeBurst && pending.agreed === 0);
    const others = group.filter((pending) => !restless.includes(pending));
    if (others.length > 0) note(others, await this.#round(others));
    for (const pending of restless) note([pending], [await this.#burst(pending)]);
  }

  async #round(group: readonly Pending[]): Promise<Judgement[]> {
    const suspects = group.map((pending) => pending.suspect);
    const [leader, follower] = this.#order();
    const first = await this.#read(leader, suspects);
    await this.#awaitFollower(leader, follower);
    const startedAt = this.#options.clock.now();
    const other = await this.#read(follower, suspects);
    const second = await this.#read(leader, suspects);
    const spreadMs = this.#options.clock.now() - startedAt;
    return suspects.map((suspect, i) =>
      suspect.probe.of === 'ttl'
        ? this.#judgeTtl(first[i]!, other[i]!, second[i]!, spreadMs)
        : judge(first[i]!, other[i]!, second[i]!),
    );
  }

  /**
   * For keys that change at every look: both sides are read many times on end. A follower that shows a value which the
   * leader had a moment before is following.
   */
  async #burst(pending: Pending): Promise<Judgement> {
    const [leader, follower] = this.#order();
    await this.#awaitFollower(leader, follower);
    const some = [pending.suspect, pending.suspect];
    const seen = new Set<string>();
    for (let i = 0; i < burst; i++) {
      const [led, followed] = await Promise.all([this.#read(leader, some), this.#read(follower, some)]);
      for (const finding of led) seen.add(finding.digest);
      if (followed.some((finding) => seen.has(finding.digest))) return { is: 'equal' };
      await this.#sleep(burstPauseMs);
    }
    return (await this.#round([pending]))[0]!;
  }

  #order(): readonly [SideName, SideName] {
    return this.#pair.leader === 'right' ? ['right', 'left'] : ['left', 'right'];
  }

  async #awaitFollower(leader: SideName, follower: SideName): Promise<void> {
    const { clock, catchUpTimeoutMs } = this.#options;
    if (this.#pair.leader === null) return;
    const kind = this.#pair.kind;
    const target = await readPosition(this.#pair[leader].connection, kind);
    if (target === null) return;
    const deadline = clock.now() + catchUpTimeoutMs;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 200)) {
      if (hasPassed(await readPosition(this.#pair[follower].connection, kind), target)) return;
      if (clock.now() >= deadline) {
        const name = this.#pair[follower].connection.name;
        throw new WireError(
          'timeout',
          name,
          faultSays('position_not_reached', {
            ms: catchUpTimeoutMs,
            leader: this.#pair[leader].connection.name,
          }),
        );
      }
      await this.#sleep(waitMs);
    }
  }

  async #read(side: SideName, suspects: readonly Suspect[]): Promise<Finding[]> {
    const writer = new CommandWriter();
    for (const suspect of suspects) writer.add(...probeArguments(suspect, this.#expiry));
    const replies = await this.#pair.one(side, writer);
    this.#portion.saw(suspects.length, replies.totalBytes);
    if (replies.digest !== null) return this.#readOneByOne(side, suspects, replies);
    const reader = new ReplyReader(replies.bytes);
    const findings = suspects.map((suspect) => {
      const reply = reader.next();
      try {
        return readFinding(suspect, reply, this.#expiry);
      } catch (error) {
        throw this.#explain(side, suspect, error);
      }
    });
    this.#pair[side].connection.release(replies);
    return findings;
  }

  async #readOneByOne(side: SideName, suspects: readonly Suspect[], all: RawReplies): Promise<Finding[]> {
    const [suspect] = suspects;
    if (suspects.length === 1) {
      // Redis gives the members of one collection in another order on each side: a digest of them says nothing.
      if (!isUnordered(suspect!)) return [digestFinding(suspect!, all.digest!, all.totalBytes)];
      this.#judgedBySize.add(suspect!);
      return this.#read(side, [{ ...suspect!, probe: { of: 'size' } }]);
    }
    const findings: Finding[] = [];
    for (const suspect of suspects) findings.push(...(await this.#read(side, [suspect])));
    return findings;
  }

  #explain(side: SideName, suspect: Suspect, error: unknown): unknown {
    if (!(error instanceof ErrorReply)) return error;
    const command = String(probeArguments(suspect, this.#expiry)[0]);
    return errorFromReply(this.#pair[side].connection.name, command, error);
  }

  #judgeTtl(first: Finding, other: Finding, second: Finding, spreadMs: number): Judgement {
    if (first.ttlMs === null || other.ttlMs === null || second.ttlMs === null) return { is: 'equal' };
    const slackMs = this.ttlSlackMs(spreadMs);
    if (sameExpiry(second.ttlMs, other.ttlMs, slackMs) || sameExpiry(first.ttlMs, other.ttlMs, slackMs))
      return { is: 'equal' };
    if (first.ttlMs < 0 !== second.ttlMs < 0) return { is: 'moving' };
    if (second.ttlMs > first.ttlMs) return { is: 'moving' };
    return { is: 'differing', leader: second, follower: other };
  }

  /** How far two expiries may lie apart that were read `spreadMs` apart. */
  ttlSlackMs(spreadMs: number): number {
    const rounding = this.#expiry.unitMs > 1 ? this.#expiry.unitMs : 0;
    return this.#options.ttlToleranceMs + rounding + (this.#expiry.countsDown ? spreadMs : 0);
  }

  async #report(confirmed: readonly Pending[]): Promise<void> {
    const reported = new Set<string>();
    const onOneSide = confirmed.filter(isOnOneSide);
    const types = await this.#typesOnBothSides(onOneSide);
    const { vanishing, expiring } = await this.#expiries(onOneSide);
    const ttls = await this.#ttls('left', confirmed.filter(isOtherString));
    // A key in its last second reads as 0, and one that has expired meanwhile as absent.
    for (const [pending, ttl] of ttls) if (ttl !== -1) expiring.add(pending);
    // What a key has too many or too few comes before what of its members differs, and is one difference with it.
    for (const pending of [...confirmed].sort((a, b) => rankOf(a.suspect) - rankOf(b.suspect))) {
      if (vanishing.has(pending)) {
        this.#tally.vanishing();
        continue;
      }
      const difference = this.#describe(pending, types.get(pending) ?? null, expiring.has(pending));
      if (difference === null) continue;
      const name = `${difference.kind === 'ttl' ? 'ttl' : ''} ${difference.type} ${difference.key}`;
      if (reported.has(name)) continue;
      reported.add(name);
      this.#tally.difference(difference);
    }
  }

  /**
   * Keys on one side only that are about to expire there, or have just expired. If the clocks differ, such keys vanish
   * on one side earlier than on the other. So do keys of 4.0.1, whose slaves get expiries in whole seconds and whose
   * TTL says 0 in the last second.
   */
  async #expiries(
    onOneSide: readonly Pending[],
  ): Promise<{ readonly vanishing: ReadonlySet<Pending>; readonly expiring: Set<Pending> }> {
    const { unitMs } = this.#ttlCommand();
    const slackMs = this.#options.ttlToleranceMs + (unitMs > 1 ? unitMs : 0);
    const vanishing = new Set<Pending>();
    const expiring = new Set<Pending>();
    for (const side of ['left', 'right'] as const) {
      const here = onOneSide.filter(
        ({ suspect, last }) =>
          last!.leader.present === (side === this.#order()[0]) && tellsItsExpiry(suspect),
      );
      for (const [pending, value] of await this.#ttls(side, here)) {
        if (isAbsentTtl(value) || (value > 0 && value * unitMs <= slackMs)) vanishing.add(pending);
        else if (value > 0) expiring.add(pending);
      }
    }
    return { vanishing, expiring };
  }

  #ttlCommand = () =>
    this.#pair.kind === 'pika'
      ? ({ name: 'TTL', unitMs: 1000 } as const)
      : ({ name: 'PTTL', unitMs: 1 } as const);

  async #ttls(side: SideName, asked: readonly Pending[]): Promise<ReadonlyMap<Pending, number>> {
    const { name } = this.#ttlCommand();
    const ttls = new Map<Pending, number>();
    for (let start = 0; start < asked.length; start += keysPerBatch) {
      const some = asked.slice(start, start + keysPerBatch);
      const writer = new CommandWriter();
      for (const { suspect } of some) writer.add(name, suspect.key);
      const replies = await this.#pair.one(side, writer);
      const reader = new ReplyReader(replies.bytes);
      for (const pending of some)
        ttls.set(pending, numberIn(accepted(this.#pair[side].connection.name, name, reader.next())));
      this.#pair[side].connection.release(replies);
    }
    return ttls;
  }

  async #typesOnBothSides(asked: readonly Pending[]): Promise<Map<Pending, TypesOnBothSides>> {
    const found = new Map<Pending, TypesOnBothSides>();
    const keys = asked.map((pending) => pending.suspect.key);
    const { left, right } = this.#pair;
    for (let start = 0; start < keys.length; start += keysPerBatch) {
      const some = keys.slice(start, start + keysPerBatch);
      const [onLeft, onRight] = await Promise.all([
        typesOf(left.connection, left.facts, some),
        typesOf(right.connection, right.facts, some),
      ]);
      some.forEach((_, i) => {
        found.set(asked[start + i]!, { left: onLeft[i]!, right: onRight[i]! });
      });
    }
    return found;
  }

  #describe(pending: Pending, types: TypesOnBothSides | null, expires: boolean): Difference | null {
    const { suspect, last } = pending;
    const left = this.#pair.leader === 'right' ? last!.follower : last!.leader;
    const right = this.#pair.leader === 'right' ? last!.leader : last!.follower;
    const base = {
      db: this.#pair.db,
      key: printKey(suspect.key),
      type: suspect.type,
      rounds: pending.agreed,
    };
    const otherType = types && replacedType(types, suspect.type, left.present);
    if (otherType && left.present) return { ...base, kind: 'type', left: suspect.type, right: otherType };
    if (otherType) {
      // On Pika the same key shows from both directions, and the left one's type tells it.
      if (this.#pair.kind === 'pika') return null;
      return { ...base, type: otherType, kind: 'type', left: otherType, right: suspect.type };
    }
    const kind = kindOf(suspect, left, right);
    const sign = signOf(suspect, kind, left, right, expires);
    return { ...base, kind, ...(sign ? { sign } : {}), left: left.text, right: right.text };
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await this.#options.clock.sleep(ms, this.#options.signal);
  }
}

function note(group: readonly Pending[], judgements: readonly Judgement[]): void {
  judgements.forEach((judgement, i) => {
    const pending = group[i]!;
    pending.looks += 1;
    if (judgement.is === 'equal') pending.looks = -1;
    if (judgement.is !== 'differing') return;
    pending.agreed += 1;
    pending.last = { leader: keep(judgement.leader), follower: keep(judgement.follower) };
  });
}

interface TypesOnBothSides {
  readonly left: readonly KeyType[];
  readonly right: readonly KeyType[];
}

/** The whole key first, then its size, then the rest. */
const rankOf = ({ probe }: Suspect): number => (probe.of === 'whole' ? 0 : probe.of === 'size' ? 1 : 2);

/** Nobody can ask for the expiry of a stream, or of a name cut short: it reads as if there were no such key. */
const tellsItsExpiry = ({ type, probe }: Suspect): boolean => type !== 'stream' && probe.of !== 'listed';

const isUnordered = ({ type, probe }: Suspect): boolean =>
  probe.of === 'whole' && (type === 'hash' || type === 'set' || type === 'zset');

const isOnOneSide = ({ suspect, last }: Pending): boolean =>
  wholeKey(suspect) && last!.leader.present !== last!.follower.present;

const isOtherString = (pending: Pending): boolean =>
  pending.suspect.type === 'string' && pending.suspect.probe.of === 'whole' && !isOnOneSide(pending);

const wholeKey = ({ probe }: Suspect): boolean =>
  probe.of === 'whole' || probe.of === 'size' || probe.of === 'listed';

/** The type that the key has on the other side in place of `type`; null = the key has no type there that it lacks here. */
function replacedType(types: TypesOnBothSides, type: KeyType, onLeft: boolean): KeyType | null {
  const [here, there] = onLeft ? [types.left, types.right] : [types.right, types.left];
  if (there.includes(type)) return null;
  return there.find((other) => !here.includes(other)) ?? null;
}

function kindOf(suspect: Suspect, left: Found, right: Found): DifferenceKind {
  if (suspect.probe.of === 'ttl') return 'ttl';
  if (wholeKey(suspect) && !right.present) return 'missing';
  if (wholeKey(suspect) && !left.present) return 'foreign';
  if (wholeKey(suspect) && suspect.type !== 'string' && left.size !== right.size) return 'length';
  return 'value';
}

function signOf(
  { type, probe }: Suspect,
  kind: DifferenceKind,
  left: Found,
  right: Found,
  expires: boolean,
): DifferenceSign | null {
  if (kind === 'missing') return expires ? 'missing_expires' : null;
  if (kind === 'value' && type === 'string' && probe.of === 'whole')
    return right.size === 0 ? 'emptied' : expires ? 'value_expires' : null;
  if (kind !== 'ttl' || left.ttlMs === null || right.ttlMs === null) return null;
  return right.ttlMs < 0 || (left.ttlMs >= 0 && right.ttlMs > left.ttlMs) ? 'outlives' : 'expires_early';
}

/** Judges one look at one key: the leader before, the follower, the leader after. */
export function judge(first: Finding, other: Finding, second: Finding): Judgement {
  if (other.digest === second.digest || other.digest === first.digest) return { is: 'equal' };
  if (first.digest === second.digest) return { is: 'differing', leader: second, follower: other };
  if (!first.members || !second.members || !other.members) return { is: 'moving' };
  return stableMembersDiffer(first.members, other.members, second.members)
    ? { is: 'differing', leader: second, follower: other }
    : { is: 'equal' };
}

type Members = ReadonlyMap<string, string>;

function stableMembersDiffer(first: Members, other: Members, second: Members): boolean {
  for (const [name, value] of first) {
    if (second.get(name) === value && other.get(name) !== value) return true;
  }
  for (const name of other.keys()) if (!first.has(name) && !second.has(name)) return true;
  return false;
}

export function sameExpiry(a: number, b: number, slackMs: number): boolean {
  if (a < 0 || b < 0) return a < 0 && b < 0;
  return Math.abs(a - b) <= slackMs;
}

function withoutDoubles(suspects: readonly Suspect[]): readonly Suspect[] {
  const seen = new Set<string>();
  return suspects.filter((suspect) => {
    const { probe } = suspect;
    const what =
      probe.of === 'member' ? probe.name.toString('latin1') : probe.of === 'range' ? String(probe.start) : '';
    const name = `${suspect.type} ${probe.of} ${what.length} ${what} ${suspect.key.toString('latin1')}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

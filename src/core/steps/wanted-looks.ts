/** Which nodes are to be looked at now, and what may be asked of each: the cheap sections only. */

import {
  type Expansion,
  isActive,
  isEnded,
  isSettled,
  type Join,
  needsPerson,
} from '../../model/expansion.ts';
import type { LookSection } from '../../model/observation.ts';
import { preflightNodeSections, preflightSections } from '../plan/preflight.ts';
import { failedBeforeFiles } from '../sync/anomalies.ts';
import { borrowsThrottle } from './bandwidth.ts';
import { startsLater } from './hold.ts';
import {
  currentAttempt,
  fullSyncsAtATime,
  holdsNoDatabase,
  isNextInLine,
  isUnderWay,
  mustStayEmpty,
} from './join-state.ts';
import { isDue } from './pace.ts';
import { owesMasterSetting, wantsMasterConfig } from './retention.ts';
import { owesSetting, wantsConfig } from './throttle.ts';

export interface WantedLooks {
  readonly master: readonly LookSection[];
  /** Per join index. */
  readonly nodes: ReadonlyMap<number, readonly LookSection[]>;
}

/** Whether a full sync would be the first thing that happens in this expansion: nothing is under way, and a node is next. */
export const isAboutToBegin = (expansion: Expansion): boolean =>
  expansion.state === 'running' &&
  !expansion.joins.some(needsLook) &&
  expansion.joins.some((join) => isNextInLine(expansion, join));

/** Whether all that happens is the check of the nodes that are next. */
export const isBeingChecked = (expansion: Expansion): boolean =>
  expansion.state === 'running' &&
  expansion.joins.every((join) => join.phase === 'preflight' || !needsLook(join)) &&
  expansion.joins.some((join) => isNextInLine(expansion, join));

/** What does not read a database. */
const unread: readonly LookSection[] = ['server', 'replication', 'lastsave', 'config'];
const following: readonly LookSection[] = ['server', 'replication', 'stats'];
/** The last size before a dump counts; while nodes copy, no dump is expected. */
const sizesEveryMs = { copying: 5000, otherwise: 1000 };
/** Of a master that makes no dump for the nodes, as far as anybody knows. */
const statsEveryMs = 5000;

/** Whether a join takes part in the present batch and needs to be seen. */
export const needsLook = (join: Join): boolean =>
  isActive(join.phase) || join.leaving !== null || join.phase === 'preflight' || owesSetting(join);

/**
 * null = there is nothing to look at. `compared`: the joins whose comparison has ended, by their index. `closed`: no node may begin
 * now, so none is checked for it.
 */
export function wantedLooks(
  expansion: Expansion,
  now: number,
  compared: ReadonlySet<number> = new Set(),
  closed = false,
): WantedLooks | null {
  if (isEnded(expansion.state) || startsLater(expansion, now) !== null) return null;
  const { state } = expansion;
  const joins = expansion.joins.filter(
    (join) => needsLook(join) || (!closed && state === 'running' && isNextInLine(expansion, join)),
  );
  const first = expansion.batchSize === null && !needsPerson(expansion.state);
  if (joins.length === 0 && !first && !owesMasterSetting(expansion)) return null;
  const due = joins.filter((join) => isDue(expansion, join, now));
  if (joins.length > 0 && due.length === 0) return { master: dumpSections(expansion, now), nodes: new Map() };
  const wholeBatch = first ? expansion.joins : [...due, ...(closed ? [] : nextToBegin(expansion, compared))];
  const beforeAttach = first || wholeBatch.some(({ phase }) => phase === 'waiting' || phase === 'preflight');
  return {
    master: beforeAttach ? preflightSections : masterSections(expansion, now),
    nodes: new Map(
      wholeBatch.map((join) => [join.index, first ? following : withConfig(expansion, join, now)]),
    ),
  };
}

/** The nodes that may begin in this turn, if it ends the batch before them: their last check needs no turn of its own then. */
function nextToBegin(expansion: Expansion, compared: ReadonlySet<number>): readonly Join[] {
  const { state, pendingControl, joins, currentBatch, policy } = expansion;
  if (state !== 'running' || pendingControl !== null) return [];
  const mayBeProven = (join: Join): boolean =>
    join.phase === 'verifying' &&
    compared.has(join.index) &&
    (currentAttempt(join)?.catchUp?.stableLooks ?? 0) + 1 >= policy.stableLooks;
  const earlier = joins.filter(({ batch }) => (batch ?? 0) <= currentBatch);
  if (!earlier.every((join) => isSettled(join.phase) || mayBeProven(join))) return [];
  const next = joins.filter(({ batch, phase }) => batch === currentBatch + 1 && phase === 'waiting');
  return next.slice(0, fullSyncsAtATime(expansion));
}

/** A borrowed setting is watched, so that somebody else's change is noticed. */
function withConfig(expansion: Expansion, join: Join, now: number): readonly LookSection[] {
  const sections = sectionsOf(join);
  const wanted = wantsConfig(join, borrowsThrottle(expansion), now) && !sections.includes('config');
  return wanted ? [...sections, 'config'] : sections;
}

function sectionsOf(join: Join): readonly LookSection[] {
  if (holdsNoDatabase(join) && !isActive(join.phase)) return unread;
  if (join.phase === 'waiting' || join.phase === 'preflight')
    return join.attempts.length > 0 && !mustStayEmpty(join) ? preflightSections : preflightNodeSections;
  const attempt = join.attempts.at(-1);
  if (attempt?.tracker && failedBeforeFiles(attempt.tracker)) return [...following, 'while_error'];
  if (attempt?.step === 'slaveof' && mustStayEmpty(join)) return [...following, 'keys'];
  const swapped = attempt?.tracker?.upSince !== null && attempt?.tracker?.ownSstBytes === null;
  return swapped ? [...following, 'sizes'] : following;
}

function masterSections(expansion: Expansion, now: number): readonly LookSection[] {
  const underWay = expansion.joins.filter(isUnderWay);
  const copies = underWay.every(({ phase }) => phase === 'transferring');
  const awaitsDump = underWay.some(({ phase }) => phase === 'attaching' || phase === 'snapshotting');
  const lastSize = expansion.masterTracker.samples.findLast((sample) => sample.sstBytes !== null);
  const everyMs = copies ? sizesEveryMs.copying : sizesEveryMs.otherwise;
  const due = lastSize === undefined || Math.abs(now - lastSize.at) >= everyMs;
  const dumpWithoutSize = expansion.masterTracker.dumps.some((dump) => dump.sstBytesAfter === null);
  // What a comparison finds is judged by them.
  const tellsCommands = due || expansion.masterTracker.commandCalls === undefined;
  return [
    'server',
    'replication',
    'lastsave',
    ...(awaitsDump || wantsStats(expansion, now) ? (['stats'] as const) : []),
    ...(due || dumpWithoutSize ? (['sizes'] as const) : []),
    ...(wantsMasterConfig(expansion, now) ? (['config'] as const) : []),
    ...(tellsCommands && expansion.joins.some(({ phase }) => phase === 'verifying')
      ? (['commands'] as const)
      : []),
  ];
}

/** What tells that a dump is made or was made. */
const dumpSections = (expansion: Expansion, now: number): readonly LookSection[] => [
  ...(expansion.capabilities?.hasLastSave ? (['lastsave'] as const) : []),
  ...(!expansion.capabilities?.hasLastSave || wantsStats(expansion, now) ? (['stats'] as const) : []),
  ...(wantsMasterConfig(expansion, now) ? (['config'] as const) : []),
];

/** At the first look in each five seconds; while a dump is made, whose end must be seen; and where the rate of commands is watched. */
function wantsStats({ masterTracker, capabilities, policy }: Expansion, now: number): boolean {
  if (policy.health?.commandsPerSecond != null) return true;
  const { lastAnsweredAt, bgsaving } = masterTracker;
  const turnOf = (at: number): number => Math.floor(at / statsEveryMs);
  return (
    bgsaving ||
    !capabilities?.hasLastSave ||
    lastAnsweredAt === null ||
    turnOf(lastAnsweredAt) !== turnOf(now)
  );
}

/** Which nodes are to be looked at now, and what may be asked of each: the cheap sections only. */

import { type Expansion, isActive, isEnded, type Join, needsPerson } from '../../model/expansion.ts';
import type { LookSection } from '../../model/observation.ts';
import { preflightNodeSections, preflightSections } from '../plan/preflight.ts';
import { failedBeforeFiles } from '../sync/anomalies.ts';
import { borrowsThrottle } from './bandwidth.ts';
import { startsLater } from './hold.ts';
import { holdsNoDatabase, isNextInLine, mustStayEmpty } from './join-state.ts';
import { owesMasterSetting, wantsMasterConfig } from './retention.ts';
import { owesSetting, wantsConfig } from './throttle.ts';

export interface WantedLooks {
  readonly master: readonly LookSection[];
  /** Per join index. */
  readonly nodes: ReadonlyMap<number, readonly LookSection[]>;
}

/** What does not read a database. */
const unread: readonly LookSection[] = ['server', 'replication', 'lastsave', 'config'];
const following: readonly LookSection[] = ['server', 'replication', 'stats'];
const sizesEveryMs = 1000;

/** Whether a join takes part in the present batch and needs to be seen. */
export const needsLook = (join: Join): boolean =>
  isActive(join.phase) || join.leaving !== null || join.phase === 'preflight' || owesSetting(join);

/** null = there is nothing to look at. */
export function wantedLooks(expansion: Expansion, now: number): WantedLooks | null {
  if (isEnded(expansion.state) || startsLater(expansion, now) !== null) return null;
  const { state } = expansion;
  const joins = expansion.joins.filter(
    (join) => needsLook(join) || (state === 'running' && isNextInLine(expansion, join)),
  );
  const first = expansion.batchSize === null && !needsPerson(expansion.state);
  if (joins.length === 0 && !first && !owesMasterSetting(expansion)) return null;
  const wholeBatch = first ? expansion.joins : joins;
  const beforeAttach = first || joins.some(({ phase }) => phase === 'waiting' || phase === 'preflight');
  return {
    master: beforeAttach ? preflightSections : masterSections(expansion, now),
    nodes: new Map(
      wholeBatch.map((join) => [join.index, first ? following : withConfig(expansion, join, now)]),
    ),
  };
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
  const lastSize = expansion.masterTracker.samples.findLast((sample) => sample.sstBytes !== null);
  const due = lastSize === undefined || Math.abs(now - lastSize.at) >= sizesEveryMs;
  const dumpWithoutSize = expansion.masterTracker.dumps.some((dump) => dump.sstBytesAfter === null);
  // What a comparison finds is judged by them.
  const tellsCommands = due || expansion.masterTracker.commandCalls === undefined;
  return [
    ...following,
    'lastsave',
    ...(due || dumpWithoutSize ? (['sizes'] as const) : []),
    ...(wantsMasterConfig(expansion, now) ? (['config'] as const) : []),
    ...(tellsCommands && expansion.joins.some(({ phase }) => phase === 'verifying')
      ? (['commands'] as const)
      : []),
  ];
}

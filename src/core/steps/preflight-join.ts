/** A node whose turn has come: checked once more, held while its master is busy, then its attempt begins. Part of `decide`. */

import type { Capabilities } from '../../model/capabilities.ts';
import type { Join, Problem } from '../../model/expansion.ts';
import type { Finding } from '../../model/finding.ts';
import type { Look, NodeFacts } from '../../model/observation.ts';
import { makeProblem, problemOfAnomaly, problemOfFindings } from '../../model/problems.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { type RevalidationNode, revalidate } from '../plan/preflight.ts';
import { stepAttempt } from './attempt.ts';
import { asksPerson, isOver } from './bound.ts';
import { follows } from './intent.ts';
import { giveUp, holdsNoDatabase, isTouched, newAttempt } from './join-state.ts';
import { holdForMaster } from './master-hold.ts';
import { enterPhase, patchJoin, say, type Turn, waitFor } from './turn.ts';

/** Why a node that is next in line may not be attached now; null = it may. */
export interface Gate {
  readonly closedBecause: Reason | null;
}

const retriable: ReadonlySet<string> = new Set([
  'master_unreachable',
  'master_no_answer',
  'master_facts_missing',
  'master_still_syncing',
  'node_unreachable',
  'node_busy',
  'node_facts_missing',
]);

/** Takes a waiting node of the present batch through preflight and into its first step. */
export function beginJoin(
  turn: Turn,
  join: Join,
  gate: Gate,
  capabilitiesOf: (facts: NodeFacts) => Capabilities,
): void {
  if (gate.closedBecause !== null) {
    // The time for which node and master are waited for counts from a gate that is open.
    const inLine =
      join.phase === 'preflight'
        ? enterPhase(turn, join, 'waiting', because('back_in_line', { because: gate.closedBecause }))
        : join;
    waitFor(turn, inLine, gate.closedBecause);
    return;
  }
  const nodeLook = turn.nodeLooks.get(join.index);
  if (!nodeLook || !isForCheck(turn, nodeLook) || !isForCheck(turn, turn.masterLook)) return;
  const unopened = unopenedSince(join, nodeLook);
  if (unopened) {
    giveUp(turn, join, 'failed', unopened);
    return;
  }
  if (join.restored && wasAttachedByOthers(turn, join, nodeLook)) {
    giveUp(turn, join, 'quarantined', restoredMeanwhile(turn, join));
    return;
  }
  const inPreflight = enterPhase(turn, join, 'preflight', because('checked_again'));
  const findings = checkAgain(turn, inPreflight, nodeLook, capabilitiesOf);
  const errors = findings.filter((finding) => finding.severity === 'error');
  const checked = patchJoin(turn, join.index, { findings });
  if (errors.length > 0) {
    refuseOrWait(turn, checked, errors);
    return;
  }
  if (holdForMaster(turn, checked)) return;
  if (!join.target.repoint && wasAttachedByOthers(turn, join, nodeLook)) {
    say(turn, 'node.foreign_attach', { master: turn.expansion.master.name }, join.target.name);
  }
  startAttempt(turn, checked, nodeLook);
}

/** A slow server is not checked by what it said longer ago. The observer asks it anew then. */
const oldestForCheckMs = 10_000;
export const isOldForCheck = (look: Look, now: number): boolean => Math.abs(now - look.at) > oldestForCheckMs;

/** Whether a look tells what the check asks: the answer of a slow server may belong to a look that asked for less. */
const isForCheck = ({ now }: Turn, look: Look | null): boolean =>
  look !== null &&
  (look.kind !== 'answered' || (look.facts.config !== undefined && !isOldForCheck(look, now)));

/** The node may hold what this expansion has proven since, or half a copy. */
export const restoredMeanwhile = (turn: Turn, join: Join): Problem =>
  makeProblem('restored_meanwhile', { node: join.target.name, master: turn.expansion.master.name }, turn.now);

/**
 * A node whose copy could not be moved into place, and that was not started again since: the next full sync would delete
 * its old data, which lie in db_bak, and the first read ends it (pika-facts 4.9).
 */
function unopenedSince(join: Join, look: Look): Problem | null {
  if (!holdsNoDatabase(join) || look.kind !== 'answered') return null;
  const before = join.attempts.at(-1)?.tracker?.processId ?? null;
  if (before === null || look.facts.server?.processId !== before) return null;
  return problemOfAnomaly(join.anomalies.findLast(({ code }) => code === 'copy_not_opened')!, join.diagnosis);
}

function checkAgain(
  turn: Turn,
  join: Join,
  nodeLook: Look,
  capabilitiesOf: (facts: NodeFacts) => Capabilities,
): readonly Finding[] {
  const node: RevalidationNode = {
    target: join.target,
    look: nodeLook,
    capabilities: nodeLook.kind === 'answered' ? capabilitiesOf(nodeLook.facts) : null,
    // What a list of now would have protected is gone once the service has acted.
    isProtected: !isTouched(join) && turn.isProtected(join.target),
    touched: isTouched(join) || wasAttachedByOthers(turn, join, nodeLook),
  };
  return revalidate({
    master: {
      target: turn.expansion.master,
      look: turn.masterLook!,
      capabilities: turn.masterLook?.kind === 'answered' ? capabilitiesOf(turn.masterLook.facts) : null,
    },
    nodes: [node],
    policy: turn.expansion.policy,
    plannedMaster: turn.expansion.plannedMaster,
  });
}

/**
 * Somebody else has attached the node to this very master since the request was accepted (which it was only with the
 * node's own data out of the way). Its data come from this master, but without proof, so the service syncs the node again.
 */
function wasAttachedByOthers(turn: Turn, join: Join, look: Look): boolean {
  const replication = look.kind === 'answered' ? look.facts.replication : undefined;
  return (
    join.attempts.length === 0 &&
    replication !== undefined &&
    follows(replication, turn.expansion.master.seenAs)
  );
}

function refuseOrWait(turn: Turn, join: Join, errors: readonly Finding[]): void {
  const limit = turn.expansion.policy.nodeDownTimeoutMs;
  const mayPass = errors.every((error) => retriable.has(error.code));
  if (mayPass && !isOver(turn, join, { endsAt: join.phaseSince + limit, atEnd: asksPerson })) {
    waitFor(turn, join, because('findings', { findings: [errors[0]!] }));
    return;
  }
  giveUp(turn, join, 'failed', problemOfFindings(errors, turn.now));
}

function startAttempt(turn: Turn, join: Join, nodeLook: Look): void {
  const replication = nodeLook.kind === 'answered' ? nodeLook.facts.replication : undefined;
  if (!replication) return;
  const attached = replication.role !== 'master';
  const isFirst = join.attempts.length === 0;
  const attempt = newAttempt(
    turn,
    join,
    isFirst && !attached ? 'attach' : 'reattach',
    attached ? 'detach' : 'await_unlisted',
  );
  const begun = patchJoin(turn, join.index, {
    attempts: [...join.attempts, attempt],
    comparison: null,
    inconclusiveComparisons: 0,
    problem: null,
  });
  const { kind } = attempt;
  say(turn, 'node.attempt', { attempt: attempt.number, of: join.attemptsAllowed, kind }, join.target.name);
  stepAttempt(turn, enterPhase(turn, begun, 'attaching', because('being_attached')));
}

/** One turn of `decide`: the state as it becomes, and what is to be said and done. Lives only inside that call. */

import type { Capabilities } from '../../model/capabilities.ts';
import { type EventInput, type EventMap, type EventType, makeEvent } from '../../model/events.ts';
import type {
  Expansion,
  ExpansionState,
  Join,
  JoinPhase,
  NodeCommand,
  Problem,
} from '../../model/expansion.ts';
import { expansionTransitions, isEnded } from '../../model/expansion.ts';
import type { KnownFault } from '../../model/knowledge.ts';
import type { Look } from '../../model/observation.ts';
import { type Reason, sameReason } from '../../model/reasons.ts';
import type { JoinTarget } from '../../model/targets.ts';
import type { AgentListings } from '../../model/views/agent.ts';

export interface CommandToRun {
  /** null = on the master. */
  readonly joinIndex: number | null;
  readonly intentId: string;
  readonly command: NodeCommand;
}

export interface ComparisonToStart {
  readonly joinIndex: number;
  readonly id: string;
}

export interface Turn {
  expansion: Expansion;
  readonly now: number;
  readonly epoch: number;
  readonly masterLook: Look | null;
  readonly nodeLooks: ReadonlyMap<number, Look>;
  /** What agents list of the folders of the servers, by the name of the server. */
  readonly listings: ReadonlyMap<string, AgentListings>;
  readonly frozen: Reason | null;
  /** Why no further full sync may begin: everything is frozen, or somebody holds the master; null = it may. */
  readonly noSync: Reason | null;
  /** Full syncs of other expansions from masters on this master's host. */
  readonly othersOnMasterHost: number;
  /** What is known to be wrong with releases. */
  readonly faults: readonly KnownFault[];
  /** What the version of a server can do, by a look at it; null = the look does not tell. */
  readonly capabilitiesOf: (look: Look | undefined) => Capabilities | null;
  /** Whether the configuration of now protects a node. */
  readonly isProtected: (node: JoinTarget) => boolean;
  readonly events: EventInput[];
  readonly commands: CommandToRun[];
  readonly comparisons: ComparisonToStart[];
  readonly appliedControls: string[];
  /** By join index, the first end of what it waits for, and what is done then. */
  readonly bounds: Map<number, { readonly endsAt: number; readonly atEnd: Reason }>;
}

export const joinAt = (turn: Turn, index: number): Join => turn.expansion.joins[index]!;

export function patch(turn: Turn, change: Partial<Expansion>): void {
  turn.expansion = { ...turn.expansion, ...change };
}

export function patchJoin(turn: Turn, index: number, change: Partial<Join>): Join {
  const joins = turn.expansion.joins.map((join) => (join.index === index ? { ...join, ...change } : join));
  patch(turn, { joins });
  return joins[index]!;
}

/** Tells of what happens in this turn; `node`: whom it is about. */
export function say<T extends EventType>(
  turn: Turn,
  type: T,
  data: EventMap[T],
  node: string | null = null,
): void {
  turn.events.push(makeEvent(type, { at: turn.now, node }, data));
}

/** Changes the expansion's state; a change that the table of transitions does not know is a defect. */
export function enterState(
  turn: Turn,
  state: ExpansionState,
  reason: Reason,
  problem: Problem | null = null,
): void {
  const { expansion, now } = turn;
  if (expansion.state === state) return;
  if (!expansionTransitions[expansion.state].includes(state)) {
    throw new Error(`expansion ${expansion.id}: no way from ${expansion.state} to ${state}`);
  }
  patch(turn, {
    state,
    stateSince: now,
    stateReason: reason,
    problem,
    endedAt: isEnded(state) ? now : null,
    pendingControl: isEnded(state) ? null : expansion.pendingControl,
  });
  say(turn, `expansion.${state}`, { reason, ...(problem ? { problem } : {}) });
}

export function enterPhase(turn: Turn, join: Join, phase: JoinPhase, why: Reason | Problem): Join {
  if (join.phase === phase) return join;
  const attempt = join.attempts.length;
  say(turn, 'node.phase', { from: join.phase, to: phase, attempt, why }, join.target.name);
  return patchJoin(turn, join.index, {
    phase,
    phaseSince: turn.now,
    phases: [...join.phases, { phase, at: turn.now, attempt }],
    waitingFor: null,
  });
}

/** Tells what a join waits for; said once, until it is something else. */
export function waitFor(turn: Turn, join: Join, what: Reason | null): Join {
  if (sameReason(join.waitingFor, what)) return join;
  if (what !== null) say(turn, 'node.waiting', { reason: what }, join.target.name);
  return patchJoin(turn, join.index, { waitingFor: what });
}

/** One turn of `decide`: the state as it becomes, and what is to be said and done. Lives only inside that call. */
import type {
  EventInput,
  Expansion,
  ExpansionState,
  Join,
  JoinPhase,
  NodeCommand,
  Problem,
} from '../../model/expansion.ts';
import { expansionTransitions, isEnded } from '../../model/expansion.ts';
import type { Look } from '../../model/observation.ts';

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
  readonly frozen: string | null;
  /** Full syncs of other expansions from masters on this master's host. */
  readonly othersOnMasterHost: number;
  readonly events: EventInput[];
  readonly commands: CommandToRun[];
  readonly comparisons: ComparisonToStart[];
  readonly appliedControls: string[];
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

export function say(
  turn: Turn,
  type: string,
  text: string,
  more: {
    readonly node?: string | null;
    readonly level?: EventInput['level'];
    readonly data?: Readonly<Record<string, unknown>>;
  } = {},
): void {
  turn.events.push({
    type,
    at: turn.now,
    node: more.node ?? null,
    level: more.level ?? 'info',
    text,
    data: more.data ?? {},
  });
}

/** Changes the expansion's state; a change that the table of transitions does not know is a defect. */
export function enterState(
  turn: Turn,
  state: ExpansionState,
  reason: string,
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
  const level = state === 'failed' ? 'error' : state === 'halted' ? 'error' : 'info';
  say(turn, `expansion.${state}`, reason, { level, data: problem ? { problem } : {} });
}

export function enterPhase(
  turn: Turn,
  join: Join,
  phase: JoinPhase,
  text: string,
  level: EventInput['level'] = 'info',
): Join {
  if (join.phase === phase) return join;
  const attempt = join.attempts.length;
  say(turn, 'node.phase', `${join.target.name}: ${text}`, {
    node: join.target.name,
    level,
    data: { from: join.phase, to: phase, attempt },
  });
  return patchJoin(turn, join.index, {
    phase,
    phaseSince: turn.now,
    phases: [...join.phases, { phase, at: turn.now, attempt }],
    waitingFor: null,
  });
}

/** Tells what a join waits for; said once, until it is something else. */
export function waitFor(turn: Turn, join: Join, what: string | null): Join {
  if (join.waitingFor === what) return join;
  if (what !== null) {
    say(turn, 'node.waiting', `${join.target.name} waits: ${what}`, { node: join.target.name });
  }
  return patchJoin(turn, join.index, { waitingFor: what });
}

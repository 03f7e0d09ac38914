import type { MasterTracker, SlaveTracker } from './full-sync.ts';
import { type ExpansionState, isEnded } from './states.ts';
import type { AttemptView, ExpansionView, JoinSummary, JoinView } from './views/expansion.ts';

export * from './states.ts';
export type {
  BorrowedName,
  BorrowedSetting,
  Control,
  Intent,
  NodeCommand,
  Progress,
  SilentNode,
} from './views/expansion.ts';
export type { Problem } from './views/problem.ts';
export type { JoinTarget, NodeTarget } from './views/targets.ts';

/*
 * What is stored of an expansion: what the API answers, and the trackers, which are the working memory of the worker. A
 * new field belongs into `views/expansion.ts`, and so it is in the answers.
 */

export interface Attempt extends AttemptView {
  readonly tracker: SlaveTracker | null;
}

export interface Join extends Omit<JoinView, 'attempts'> {
  readonly attempts: readonly Attempt[];
}

export interface Expansion extends Omit<ExpansionView, 'joins'> {
  readonly masterTracker: MasterTracker;
  readonly joins: readonly Join[];
}

/** The nodes that an expansion has left unverified; none before its end. */
export const leftUnverified = <J extends Pick<JoinSummary, 'phase'>>({
  state,
  joins,
}: {
  readonly state: ExpansionState;
  readonly joins: readonly J[];
}): readonly J[] => (isEnded(state) ? joins.filter(({ phase }) => phase !== 'verified') : []);

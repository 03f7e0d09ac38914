/** What is about to be done to a node: stored before it is done, and found out about after a crash. Part of `decide`. */
import type { Intent, Join, NodeCommand } from '../../model/expansion.ts';
import type { NotAllowed } from '../../model/not-allowed.ts';
import type { Address, ReplicationFacts } from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { isSameMaster } from '../sync/tracker.ts';
import { isOver } from './bound.ts';
import { currentAttempt, patchAttempt } from './join-state.ts';
import type { Turn } from './turn.ts';

/** What came of a command of an earlier decision. */
export type Reply = ReplyToIntent & {
  /** null = from the master. */
  readonly joinIndex: number | null;
};

export type ReplyToIntent = { readonly intentId: string } & (
  | { readonly outcome: 'ok' | 'refused' | 'unknown'; readonly text: string }
  /** The shell held it back; it will be decided on again. */
  | { readonly outcome: 'not_sent'; readonly because: Reason }
  /** The configuration does not let the node follow this master. */
  | { readonly outcome: 'not_allowed'; readonly notAllowed: NotAllowed }
);

/** An act whose reply was lost may still happen; after this long it has, or never will. */
export const unknownActSettlesMs = 12_000;

/** Stores what is about to be done; the shell does it only after this was saved. */
export function intend(turn: Turn, join: Join, command: NodeCommand, reason: Reason): void {
  const attempt = currentAttempt(join)!;
  const id = `${join.index}.${attempt.number}.${attempt.intents.length + 1}`;
  const intent: Intent = {
    id,
    command,
    reason,
    savedAt: turn.now,
    epoch: turn.epoch,
    endedAt: null,
    outcome: null,
    reply: null,
  };
  patchAttempt(turn, join, { intents: [...attempt.intents, intent] });
  turn.commands.push({ joinIndex: join.index, intentId: id, command });
  isSettled(turn, join, intent);
}

/** Whether an act whose reply nobody has heard has had the time to happen. */
export const isSettled = (turn: Turn, join: Join, { savedAt }: Intent): boolean =>
  isOver(turn, join, { endsAt: savedAt + unknownActSettlesMs, atEnd: because('then_done_again') });

export function hasHappened(command: NodeCommand, replication: ReplicationFacts): boolean {
  switch (command.kind) {
    case 'slaveof':
      return follows(replication, command.master);
    case 'slaveof_no_one':
      return replication.role === 'master';
    case 'clear_replication_id':
      return !replication.replicationId;
    case 'bgsave':
    case 'config_set':
    case 'config_rewrite':
      // Not part of the node's replication: new-dump.ts and borrowed.ts find out about them.
      return false;
  }
}

export const follows = (replication: ReplicationFacts, master: Address): boolean =>
  replication.role !== 'master' &&
  replication.masterHost !== null &&
  replication.masterPort !== null &&
  isSameMaster({ host: replication.masterHost, port: replication.masterPort }, master);

export function endIntent(
  turn: Turn,
  join: Join,
  intent: Intent,
  outcome: 'ok' | 'refused' | 'unknown',
  reply: string | Reason,
): Join {
  const attempt = currentAttempt(join)!;
  const intents = attempt.intents.map((known) =>
    known.id === intent.id ? { ...known, outcome, reply, endedAt: turn.now } : known,
  );
  return patchAttempt(turn, join, { intents });
}

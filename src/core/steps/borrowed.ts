/**
 * A setting of a server that is changed for a while. Its old value is stored before the change. It is put back when it
 * is no longer needed, on cancel, after a crash and after a restart of the server. Part of `decide`.
 */
import type { BorrowedName, BorrowedSetting, NodeCommand } from '../../model/expansion.ts';
import type { Reason } from '../../model/reasons.ts';
import { type ReplyToIntent, unknownActSettlesMs } from './intent.ts';
import { say, type Turn } from './turn.ts';

/** The server that has the setting, where the expansion keeps the setting, and which events report it. */
export interface Lender {
  readonly name: string;
  /** null = the master. */
  readonly joinIndex: number | null;
  readonly setting: BorrowedName;
  readonly borrowed: BorrowedSetting | null;
  readonly keep: (turn: Turn, borrowed: BorrowedSetting) => void;
  /** Whether its file may hold a changed value. */
  readonly writesFile: (turn: Turn, borrowed: BorrowedSetting) => boolean;
  /** When the server was last seen to have been restarted; null = never, undefined = not watched here. */
  readonly restartedAt?: number | null;
}

export interface Wish {
  /** What the server shows now; null = it was not read. */
  readonly seen: string | null;
  /** null = its own is to be put back. */
  readonly value: string | null;
  readonly why: Reason;
}

const keptGiven = 50;

/** Whether a value may be borrowed now. After a change by somebody else or a refusal of the server, nobody tries again. */
export const mayBorrow = ({ borrowed }: Lender): boolean =>
  borrowed === null || borrowed.state === 'restored' || borrowed.state === 'lost';

/** Stores the server's own value and changes it. */
export function borrow(turn: Turn, lender: Lender, wish: Wish & { readonly seen: string }): void {
  const { borrowed: before } = lender;
  // If a setting could not be put back, the value that the server shows now is not its own value.
  const fresh = before?.state === 'lost' ? before : newlyBorrowed(lender.setting, wish.seen);
  const borrowed: BorrowedSetting = {
    ...fresh,
    changes: before?.changes ?? 0,
    pending: null,
    seen: wish.seen,
    seenAt: turn.now,
    ...lifeOf(lender),
    state: 'borrowed',
    restoringSince: null,
    fileWritten: false,
  };
  send(turn, lender, borrowed, wish.value ?? borrowed.old, wish.why);
}

const newlyBorrowed = (
  name: BorrowedName,
  old: string,
): Pick<BorrowedSetting, 'name' | 'old' | 'given' | 'inFile'> => ({ name, old, given: [] });

/** Brings a borrowed setting to what is wished, or back; true = a change is on its way. */
export function advanceBorrowed(turn: Turn, lender: Lender, known: BorrowedSetting, wish: Wish): boolean {
  const { seen } = wish;
  const restoring = wish.value === null;
  const borrowed: BorrowedSetting = {
    ...known,
    ...(seen === null
      ? {}
      : { seen, seenAt: turn.now, ...lifeOf(lender), inFile: isInFile(lender, known, seen) }),
    restoringSince: restoring ? (known.restoringSince ?? turn.now) : null,
  };
  if (seen === null) {
    waitForServer(turn, lender, borrowed);
    return borrowed.pending !== null;
  }
  const settled = settlePending(turn, borrowed, seen);
  if (settled.pending !== null) {
    lender.keep(turn, settled);
    return true;
  }
  if (isForeign(lender, known, seen, restoring)) {
    leaveToOthers(turn, lender, settled, seen);
    return false;
  }
  const target = wish.value ?? settled.old;
  if (seen !== target) {
    send(turn, lender, settled, target, wish.why);
    return true;
  }
  if (restoring) restored(turn, lender, settled);
  else lender.keep(turn, settled);
  return false;
}

const lifeOf = ({ restartedAt }: Lender): Pick<BorrowedSetting, 'lifeSeen'> =>
  restartedAt === undefined ? {} : { lifeSeen: restartedAt };

/** Whether the server was restarted since the last look; null = not known. Clocks of workers may differ. */
const hasRestarted = ({ restartedAt }: Lender, { lifeSeen }: BorrowedSetting): boolean | null =>
  restartedAt === undefined || lifeSeen === undefined ? null : restartedAt !== lifeSeen;

/** A value of ours that is there after a restart was read from the server's file: somebody has written it there. */
const isInFile = (lender: Lender, known: BorrowedSetting, seen: string): boolean =>
  known.inFile === true ||
  (hasRestarted(lender, known) === true && seen !== known.old && known.given.includes(seen));

/** A value that this service did not give; or the old one, where it was not this service that put it back. */
function isForeign(lender: Lender, known: BorrowedSetting, seen: string, restoring: boolean): boolean {
  if (seen !== known.old) return !known.given.includes(seen);
  const quiet = known.pending === null && !restoring && known.seen !== known.old;
  return quiet && hasRestarted(lender, known) === false;
}

/** An act whose reply was lost may still happen for a while; what the server shows decides. */
function settlePending(turn: Turn, borrowed: BorrowedSetting, seen: string): BorrowedSetting {
  const { pending } = borrowed;
  if (pending === null) return borrowed;
  const shows = pending.command.kind === 'config_set' && pending.command.value === seen;
  const over = shows || turn.now - pending.at >= unknownActSettlesMs;
  return over ? { ...borrowed, pending: null } : borrowed;
}

// ------------------------------------------------------------------------------------------------- commands

const ofLender = ({ joinIndex }: Lender) => (joinIndex === null ? 'master' : 'node');

const nodeOf = ({ joinIndex, name }: Lender): string | null => (joinIndex === null ? null : name);

function send(turn: Turn, lender: Lender, borrowed: BorrowedSetting, value: string, why: Reason): void {
  const given = borrowed.given.includes(value)
    ? borrowed.given
    : [...borrowed.given, value].slice(-keptGiven);
  // A value that is not its own can get into the file again, however often the file was written before.
  const fileWritten = borrowed.fileWritten && value === borrowed.old;
  order(
    turn,
    lender,
    { ...borrowed, given, fileWritten },
    { kind: 'config_set', name: lender.setting, value },
  );
  const { name: server, setting } = lender;
  const { seen: from, old } = borrowed;
  say(turn, `${ofLender(lender)}.setting`, { server, setting, from, to: value, old, why }, nodeOf(lender));
}

/** Begins the ids of these intents; those of an attempt begin with a number. */
export const settingIntent = 'setting.';

function order(turn: Turn, lender: Lender, borrowed: BorrowedSetting, command: NodeCommand): void {
  const changes = borrowed.changes + 1;
  const id = `${settingIntent}${lender.joinIndex ?? 'master'}.${changes}.${turn.epoch}`;
  lender.keep(turn, { ...borrowed, changes, pending: { id, command, at: turn.now } });
  turn.commands.push({ joinIndex: lender.joinIndex, intentId: id, command });
}

// ---------------------------------------------------------------------------------------------------- ends

function restored(turn: Turn, lender: Lender, borrowed: BorrowedSetting): void {
  if (!borrowed.fileWritten && lender.writesFile(turn, borrowed)) {
    order(turn, lender, borrowed, { kind: 'config_rewrite' });
    return;
  }
  lender.keep(turn, { ...borrowed, state: 'restored' });
  const { name: server, setting } = lender;
  say(turn, `${ofLender(lender)}.setting_restored`, { server, setting, value: borrowed.old }, nodeOf(lender));
}

function leaveToOthers(turn: Turn, lender: Lender, borrowed: BorrowedSetting, seen: string): void {
  lender.keep(turn, { ...borrowed, state: 'left' });
  const { name: server, setting } = lender;
  const { old } = borrowed;
  say(turn, `${ofLender(lender)}.setting_left`, { server, setting, seen, old }, nodeOf(lender));
}

/** A server that cannot be reached keeps its value; a restart of it may, or may not, bring the old one back. */
function waitForServer(turn: Turn, lender: Lender, borrowed: BorrowedSetting): void {
  const { restoringSince } = borrowed;
  const patience = turn.expansion.policy.nodeDownTimeoutMs;
  if (restoringSince === null || turn.now - restoringSince < patience) {
    lender.keep(turn, borrowed);
    return;
  }
  lender.keep(turn, { ...borrowed, state: 'lost', pending: null });
  const { name: server, setting } = lender;
  const of = ofLender(lender);
  say(turn, `${of}.setting_lost`, { server, setting, old: borrowed.old, of }, nodeOf(lender));
}

function refuse(turn: Turn, lender: Lender, borrowed: BorrowedSetting, reply: string): void {
  lender.keep(turn, { ...borrowed, state: 'refused', pending: null });
  const { name: server, setting } = lender;
  const { seen, old } = borrowed;
  say(turn, `${ofLender(lender)}.setting_refused`, { server, setting, seen, old, reply }, nodeOf(lender));
}

/** Takes in the reply to a command of this module; one without a known outcome is found out from the server. */
export function takeSettingReply(turn: Turn, lender: Lender, reply: ReplyToIntent): void {
  const { borrowed } = lender;
  if (borrowed?.pending?.id !== reply.intentId) return;
  const { command } = borrowed.pending;
  const done = { ...borrowed, pending: null };
  switch (reply.outcome) {
    case 'unknown':
      return;
    case 'not_sent':
    case 'not_allowed':
      lender.keep(turn, done);
      return;
    case 'ok':
      lender.keep(turn, command.kind === 'config_set' ? set(turn, done, command.value) : written(done));
      return;
    case 'refused':
      if (command.kind === 'config_rewrite') lender.keep(turn, written(done));
      else refuse(turn, lender, done, reply.text);
      return;
  }
}

/** Whether the server was restarted just before it took the value is not known until the next look. */
function set(turn: Turn, { lifeSeen: _, ...borrowed }: BorrowedSetting, value: string): BorrowedSetting {
  return { ...borrowed, seen: value, seenAt: turn.now };
}

const written = (borrowed: BorrowedSetting): BorrowedSetting => ({ ...borrowed, fileWritten: true });

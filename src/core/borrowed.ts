/**
 * A setting of a node that is changed for the time of its full sync: its old value is stored before the change, and
 * put back when the copy is over, on cancel, after a crash and after a restart of the node. Part of `decide`.
 */
import type { Intent, Join, NodeCommand } from './expansion.ts';
import { unknownActSettlesMs } from './intent.ts';
import { currentAttempt, isUnderWay } from './join-state.ts';
import { readableBytes } from './quantities.ts';
import { joinAt, patchJoin, say, type Turn } from './turn.ts';

export const throttleSetting = 'throttle-bytes-per-second';

export interface BorrowedSetting {
  readonly name: typeof throttleSetting;
  /** Before the first change; put back at the end. */
  readonly old: string;
  /** Values that this service gave it, the newest last. Any other is somebody else's. */
  readonly given: readonly string[];
  /** Stored before it is sent; null = none is on its way. */
  readonly pending: { readonly id: string; readonly command: NodeCommand; readonly at: number } | null;
  readonly changes: number;
  readonly seen: string;
  readonly seenAt: number;
  /** `restored`; `left` = somebody else has changed it meanwhile; `lost` = it could not be put back. */
  readonly state: 'borrowed' | 'restored' | 'left' | 'lost';
  readonly restoringSince: number | null;
  /** A full sync writes settings to the node's file (recording 17; facts 1.3), the borrowed one too: it is written once more. */
  readonly fileWritten: boolean;
}

const keptGiven = 50;
/** Smaller corrections are not worth a command. */
const leastChange = 0.05;
const leastThrottle = 65_536;
const greatestThrottle = 2_147_483_647;

/** Whether the node still has a setting that this service must put back. */
export const owesSetting = (join: Join): boolean => join.borrowed?.state === 'borrowed';

/** Whether the node's settings need to be read now: not at every look. */
export function wantsConfig(join: Join, borrows: boolean, now: number): boolean {
  const { borrowed } = join;
  if (borrowed?.state === 'borrowed')
    return borrowed.pending !== null || borrowed.restoringSince !== null || now - borrowed.seenAt >= 1000;
  return borrows && (isCopying(join) || isUnderWayBeforeSlaveof(join));
}

const isUnderWayBeforeSlaveof = (join: Join): boolean =>
  isUnderWay(join) && currentAttempt(join)?.step !== 'syncing';

/** Whether the node is about to copy, or copies. */
function isCopying(join: Join): boolean {
  const attempt = currentAttempt(join);
  if (!attempt || !isUnderWay(join) || join.leaving !== null) return false;
  if (attempt.step === 'slaveof') return true;
  return attempt.step === 'syncing' && attempt.tracker !== null && attempt.tracker.upSince === null;
}

/**
 * Brings the node's throttle to what `wanted` makes of its own (bytes a second; null = its own) while it copies, and
 * back afterwards.
 * true = a change is on its way that SLAVEOF should wait for.
 */
export function advanceThrottle(turn: Turn, join: Join, wanted: ((own: number) => number) | null): boolean {
  const look = turn.nodeLooks.get(join.index);
  const value = look?.kind === 'answered' ? look.facts.config?.throttleBytesPerSecond : undefined;
  const seen = value == null ? null : String(value);
  if (join.borrowed?.state === 'borrowed') return advanceBorrowed(turn, join, join.borrowed, seen, wanted);
  if (wanted === null || seen === null || !isCopying(join) || join.borrowed?.state === 'left') return false;
  const target = within(wanted(Number(seen)), Number(seen));
  if (target >= Number(seen)) return false;
  const borrowed: BorrowedSetting = {
    name: throttleSetting,
    old: seen,
    given: [],
    pending: null,
    changes: 0,
    seen,
    seenAt: turn.now,
    state: 'borrowed',
    restoringSince: null,
    fileWritten: false,
  };
  send(turn, join, borrowed, String(target), 'its share of the bandwidth');
  return true;
}

/** Never above the node's own throttle, and never so low that nothing moves. */
const within = (wanted: number, old: number): number =>
  Math.min(old, greatestThrottle, Math.max(leastThrottle, Math.round(wanted)));

function advanceBorrowed(
  turn: Turn,
  join: Join,
  known: BorrowedSetting,
  seen: string | null,
  wanted: ((own: number) => number) | null,
): boolean {
  const restoring = !isCopying(join);
  const borrowed: BorrowedSetting = {
    ...known,
    ...(seen === null ? {} : { seen, seenAt: turn.now }),
    restoringSince: restoring ? (known.restoringSince ?? turn.now) : null,
  };
  if (seen === null) {
    waitForNode(turn, join, borrowed);
    return borrowed.pending !== null;
  }
  const settled = settlePending(turn, borrowed, seen);
  if (settled.pending !== null) {
    keep(turn, join, settled);
    return true;
  }
  if (seen !== settled.old && !settled.given.includes(seen)) {
    leaveToOthers(turn, join, settled, seen);
    return false;
  }
  const own = Number(settled.old);
  const target = restoring || wanted === null ? settled.old : String(within(wanted(own), own));
  if (seen !== target && (restoring || isWorthIt(Number(seen), Number(target)))) {
    send(turn, join, settled, target, restoring ? 'the copy is over: put back' : 'its share has changed');
    return true;
  }
  if (restoring && seen === target) restored(turn, join, settled);
  else keep(turn, join, settled);
  return false;
}

const isWorthIt = (seen: number, target: number): boolean => Math.abs(target - seen) > seen * leastChange;

/** An act whose reply was lost may still happen for a while; what the node shows decides. */
function settlePending(turn: Turn, borrowed: BorrowedSetting, seen: string): BorrowedSetting {
  const { pending } = borrowed;
  if (pending === null) return borrowed;
  const shows = pending.command.kind === 'config_set' && pending.command.value === seen;
  const over = shows || turn.now - pending.at >= unknownActSettlesMs;
  return over ? { ...borrowed, pending: null } : borrowed;
}

const keep = (turn: Turn, join: Join, borrowed: BorrowedSetting): void =>
  void patchJoin(turn, join.index, { borrowed });

function send(turn: Turn, join: Join, borrowed: BorrowedSetting, value: string, why: string): void {
  const given = borrowed.given.includes(value)
    ? borrowed.given
    : [...borrowed.given, value].slice(-keptGiven);
  order(turn, join, { ...borrowed, given }, { kind: 'config_set', name: throttleSetting, value });
  say(
    turn,
    'node.setting',
    `${join.target.name}: ${throttleSetting} from ${readableBytes(Number(borrowed.seen))}/s to ${readableBytes(Number(value))}/s (${why}; it was ${borrowed.old} before the expansion)`,
    {
      node: join.target.name,
      data: { setting: throttleSetting, from: borrowed.seen, to: value, old: borrowed.old },
    },
  );
}

function order(turn: Turn, join: Join, borrowed: BorrowedSetting, command: NodeCommand): void {
  const changes = borrowed.changes + 1;
  const id = `${settingIntent}${join.index}.${changes}.${turn.epoch}`;
  keep(turn, join, { ...borrowed, changes, pending: { id, command, at: turn.now } });
  turn.commands.push({ joinIndex: join.index, intentId: id, command });
}

function restored(turn: Turn, join: Join, borrowed: BorrowedSetting): void {
  const writesFile = turn.expansion.capabilities?.hasReplicationId === true;
  if (writesFile && !borrowed.fileWritten) {
    order(turn, join, borrowed, { kind: 'config_rewrite' });
    return;
  }
  keep(turn, join, { ...borrowed, state: 'restored' });
  say(turn, 'node.setting_restored', `${join.target.name}: ${throttleSetting} is ${borrowed.old} again`, {
    node: join.target.name,
    data: { setting: throttleSetting, value: borrowed.old },
  });
}

function leaveToOthers(turn: Turn, join: Join, borrowed: BorrowedSetting, seen: string): void {
  keep(turn, join, { ...borrowed, state: 'left' });
  say(
    turn,
    'node.setting_left',
    `${join.target.name}: somebody else has set ${throttleSetting} to ${seen} meanwhile; it is left so (it was ${borrowed.old} before the expansion)`,
    { node: join.target.name, level: 'warning', data: { setting: throttleSetting, seen, old: borrowed.old } },
  );
}

/** A node that cannot be reached keeps its value; a restart of it may, or may not, bring the old one back. */
function waitForNode(turn: Turn, join: Join, borrowed: BorrowedSetting): void {
  const { restoringSince } = borrowed;
  const patience = turn.expansion.policy.nodeDownTimeoutMs;
  if (restoringSince === null || turn.now - restoringSince < patience) keep(turn, join, borrowed);
  else lose(turn, join, borrowed, 'the node does not answer');
}

function lose(turn: Turn, join: Join, borrowed: BorrowedSetting, why: string): void {
  keep(turn, join, { ...borrowed, state: 'lost', pending: null });
  say(
    turn,
    'node.setting_lost',
    `${join.target.name}: ${throttleSetting} could not be put back (${why}). Do it by hand: CONFIG SET ${throttleSetting} ${borrowed.old}`,
    { node: join.target.name, level: 'error', data: { setting: throttleSetting, old: borrowed.old } },
  );
}

/** Begins the ids of these intents; those of an attempt begin with a number. */
export const settingIntent = 'setting.';

/** Takes in the reply to a command of this module; one without a known outcome is found out from the node. */
export function takeSettingReply(
  turn: Turn,
  reply: {
    readonly joinIndex: number;
    readonly intentId: string;
    readonly outcome: NonNullable<Intent['outcome']> | 'not_sent';
    readonly text: string;
  },
): void {
  const join = joinAt(turn, reply.joinIndex);
  const { borrowed } = join;
  if (borrowed?.pending?.id !== reply.intentId) return;
  const { command } = borrowed.pending;
  const done = { ...borrowed, pending: null };
  switch (reply.outcome) {
    case 'unknown':
      return;
    case 'not_sent':
      keep(turn, join, done);
      return;
    case 'ok':
      keep(turn, join, {
        ...done,
        ...(command.kind === 'config_set'
          ? { seen: command.value, seenAt: turn.now }
          : { fileWritten: true }),
      });
      return;
    case 'refused':
      if (command.kind === 'config_rewrite') keep(turn, join, { ...done, fileWritten: true });
      else lose(turn, join, borrowed, `the node answered CONFIG SET with: ${reply.text}`);
      return;
  }
}

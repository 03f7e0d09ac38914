/**
 * Named places before and after every durable step of the service: what was done up to there must be enough for the
 * next process to go on. Tests kill the process at each of them (docs/reliability.md).
 */

/** Every crash point there is; the durable step beside each. */
export const crashPoints = [
  // A request becomes a row.
  'before_accept',
  'after_accept',
  'after_ring',
  // A job of the queue: its expansion is stored; its expansion has ended and the job does not know it yet.
  'after_job_accepted',
  'before_job_end',
  // A worker takes the expansion's lease, the master's lock and the slots of its full syncs.
  'after_claim',
  'after_master_lock',
  'after_slots',
  // What was decided is stored: before something is done, otherwise, and at the end.
  'before_intent',
  'after_intent',
  'before_save',
  'after_save',
  'before_finish',
  'after_finish',
  // A command goes to a node.
  'before_slaveof_no_one',
  'after_slaveof_no_one',
  'before_clear_replication_id',
  'after_clear_replication_id',
  'before_bgsave',
  'after_bgsave',
  'before_slaveof',
  'after_slaveof',
  'before_setting_changed',
  'after_setting_changed',
  'before_setting_restored',
  'after_setting_restored',
  'before_setting_written',
  'after_setting_written',
  // What the node replied is stored.
  'before_reply_saved',
  'after_reply_saved',
  // A comparison: its row, its beginning, its cursor, its report.
  'before_comparison_created',
  'after_comparison_created',
  'after_comparison_begun',
  'before_cursor',
  'after_cursor',
  'before_comparison_end',
  'after_comparison_end',
  // A campaign: what was decided is stored; a member was admitted, and the campaign does not know it yet.
  'before_campaign_save',
  'after_campaign_save',
  'after_member_admitted',
  // An audit: comparisons that it begins are stored, and asked for; a verdict is stored; its end.
  'after_audit_intent',
  'after_audit_asked',
  'after_audit_verdict',
  'before_audit_end',
  'after_audit_end',
  // A hold: under which other keys its master is known is stored; whether a dump is safe; that its time is over.
  'after_hold_keys',
  'before_hold_save',
  'after_hold_save',
  // A replacement: what was decided is stored; its new nodes were admitted, and it does not know it yet; an old slave is
  // told to leave its master; others have answered; its end.
  'before_replacement_save',
  'after_replacement_save',
  'after_new_nodes_admitted',
  'after_replacement_asked',
  'after_detach_intent',
  'before_old_detached',
  'after_old_detached',
  'before_replacement_end',
  'after_replacement_end',
  // A webhook: its events are deliveries; its receiver has answered, and what it answered is stored.
  'after_fan_out',
  'before_delivery_saved',
  'after_delivery_saved',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

/** Called at each point; does nothing, or does not return. */
export type AtCrashPoint = (point: CrashPoint) => void;

/** Where a process is to end. */
export interface CrashOrder {
  readonly point: CrashPoint;
  /** At which time of coming there, from 1. */
  readonly time: number;
}

export const passByCrashPoints: AtCrashPoint = () => undefined;

/** Reads `<point>` or `<point>:<time>`; null = it is neither, or names no point that there is. */
export function parseCrashOrder(text: string): CrashOrder | null {
  const [, name, time = '1'] = /^([a-z_]+)(?::([1-9]\d{0,5}))?$/.exec(text) ?? [];
  const point = crashPoints.find((known) => known === name);
  return point === undefined ? null : { point, time: Number(time) };
}

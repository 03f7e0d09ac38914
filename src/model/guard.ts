import type { Fields, InputOf } from './fields.ts';
import { plain } from './text.ts';

/** What a request for a guard may say besides its servers. */
export const guardFields = {
  everyMs: {
    kind: 'number',
    unit: 'time',
    min: 1000,
    max: 3_600_000,
    default: 30_000,
    flag: 'every',
    label: plain('Time between two looks', '两次查看的间隔'),
    help: plain(
      'How often each master and its slaves are looked at. A look is one or two round trips to each server.',
      '每隔多久查看一次每个主节点及其从节点。一次查看对每个服务器只有一到两次往返。',
    ),
  },
} as const satisfies Fields;

/** When the masters of a guard are audited. */
export const guardAuditFields = {
  cron: {
    kind: 'text',
    minLength: 9,
    maxLength: 100,
    required: true,
    example: '30 3 * * 1',
    flag: 'audit-at',
    label: plain('Time of the audits', '巡检时间'),
    help: plain(
      'Minute, hour, day of month, month and day of week, as cron has them.',
      'cron 形式的分、时、日、月、星期。',
    ),
  },
  timeZone: {
    kind: 'text',
    minLength: 1,
    maxLength: 64,
    default: 'UTC',
    example: 'Europe/Berlin',
    label: plain('Time zone of the audits', '巡检时间的时区'),
    help: plain('The IANA name of the time zone.', '时区的 IANA 名称。'),
  },
} as const satisfies Fields;

export type GuardInput = InputOf<typeof guardFields>;

import { comparisonFields } from './comparison.ts';
import type { Fields, InputOf } from './fields.ts';
import { plain } from './text.ts';

/** What a request for an audit may say besides its servers: how the data are compared, and how much at a time. */
export const auditFields = {
  ...comparisonFields,
  maxRunning: {
    kind: 'number',
    min: 1,
    max: 64,
    none: plain(
      '2, but 1 with depth full, so that expansions keep a place',
      '2；全量比对时为 1，为扩容任务留出位置',
    ),
    default: null,
    label: plain('Comparisons at a time', '同时进行的比对数'),
    help: plain(
      'The most comparisons of the audit that run at a time. Each worker runs as many comparisons as it has cores, 2 at least.',
      '巡检同时进行的比对数上限。每个 worker 同时执行的比对数等于其 CPU 核数，至少 2 个。',
    ),
  },
  maxRunningPerHost: {
    kind: 'number',
    min: 1,
    max: 64,
    default: 1,
    label: plain('Comparisons at a time per host', '每台主机同时进行的比对数'),
    help: plain(
      'The most comparisons of the audit that read from servers of one host at a time. A server takes part in one.',
      '巡检同时读取同一主机上服务器的比对数上限。每个服务器同时只参与一个比对。',
    ),
  },
} as const satisfies Fields;

export type AuditInput = InputOf<typeof auditFields>;

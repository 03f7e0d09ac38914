import type { Fields, InputOf, ValuesOf } from './fields.ts';
import { plain } from './text.ts';

/** What a request for a replacement may say besides its servers. */
export const replacementFields = {
  keepVerified: {
    kind: 'number',
    min: 0,
    max: 1000,
    default: 1,
    flag: 'keep',
    label: plain('Verified slaves to keep', '至少保留的已校验从节点数'),
    help: plain(
      'No slave is detached unless so many others of its master are proven complete, listed and connected.',
      '只有当主节点还有这么多其他从节点已被证明完整、在列且链路正常时，才会断开一个从节点。',
    ),
  },
  batchSize: {
    kind: 'number',
    min: 1,
    max: 16,
    default: 1,
    flag: 'at-a-time',
    label: plain('Slaves at a time', '每批从节点数'),
    help: plain('How many slaves are taken out at a time.', '同时下线的从节点数。'),
  },
  drainTimeoutMs: {
    kind: 'number',
    unit: 'time',
    min: 0,
    max: 86_400_000,
    default: 300_000,
    flag: 'drain-timeout',
    label: plain('Longest wait for readers', '等待读客户端离开的最长时间'),
    help: plain(
      'A slave is detached when it has no client any more, or after this time.',
      '从节点没有客户端后，或超过该时间后，才会被断开。',
    ),
  },
  paceMs: {
    kind: 'number',
    unit: 'time',
    min: 0,
    max: 86_400_000,
    default: 0,
    flag: 'pace',
    label: plain('Rest between slaves', '两次下线之间的间隔'),
    help: plain(
      'The time between the end of one slave and the beginning of the next.',
      '一个从节点完成之后，到下一个开始之前的间隔。',
    ),
  },
} as const satisfies Fields;

export type ReplacementInput = InputOf<typeof replacementFields>;
export type ReplacementSettings = ValuesOf<typeof replacementFields>;

/** The key under which the expansion of its new nodes is admitted: whoever tries again gets the expansion of the first time. */
export const newNodesKey = (replacementId: string): string =>
  // The blank keeps it apart from what a request can give: no header carries it.
  `replacement ${replacementId}`;

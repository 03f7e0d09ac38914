import type { Fields, InputOf } from './fields.ts';
import { plain } from './text.ts';

/** How long a master is held. */
export const holdFields = {
  forMs: {
    kind: 'number',
    unit: 'time',
    min: 1000,
    max: 86_400_000,
    default: 7_200_000,
    flag: 'for',
    label: plain('Time', '时长'),
    help: plain(
      'How long the master is held, from now on, unless the hold is ended before. A hold can be extended.',
      '从现在起占用主节点多久；可提前结束，也可延长。',
    ),
  },
} as const satisfies Fields;

export type HoldInput = InputOf<typeof holdFields>;

/** A hold, as those know it whom it keeps waiting. */
export interface HeldBy {
  readonly hold: string;
  readonly by: string;
  readonly why: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

import type { EventInput } from '../../src/model/events.ts';
import type { Facts } from '../../src/model/text.ts';

interface Over {
  readonly at?: number;
  readonly node?: string | null;
  readonly text?: string;
  readonly data?: Facts;
}

/** An event of any type: a store does not look at types, and other releases have stored some of their own. */
export const storedEvent = (type: string, over: Over = {}): EventInput =>
  ({
    type,
    at: 5,
    node: null,
    level: 'info',
    text: `it was ${type}`,
    data: { a: 1 },
    ...over,
  }) as unknown as EventInput;

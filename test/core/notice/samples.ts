import type { OwnedEvent } from '../../../src/core/notice/incidents.ts';
import type { Channel } from '../../../src/model/channel.ts';
import type { EventInput, EventMap, EventType } from '../../../src/model/events.ts';
import { makeEvent } from '../../../src/model/events.ts';
import { because } from '../../../src/model/reasons.ts';

export const minute = 60_000;
/** 2023-11-14 22:13:20 UTC. */
export const start = 1_700_000_000_000;

let seq = 0;

/** An event of an expansion, or of another owner. */
export function happened<T extends EventType>(
  type: T,
  data: EventMap[T],
  over: Partial<OwnedEvent> = {},
): OwnedEvent {
  const event = makeEvent(type, { at: start, node: over.node ?? null }, data) as EventInput;
  seq += 1;
  return {
    seq,
    expansionId: 'exp_1',
    label: 'shop',
    master: '10.0.0.1:9221',
    ...(event as unknown as Pick<OwnedEvent, 'type' | 'at' | 'node' | 'level' | 'text' | 'data'>),
    ...over,
  };
}

const reason = because('frozen', { reason: 'peak' });
export const halted = (over: Partial<OwnedEvent> = {}): OwnedEvent =>
  happened('expansion.halted', { reason }, over);
export const goesOn = (over: Partial<OwnedEvent> = {}): OwnedEvent =>
  happened('expansion.running', { reason }, over);
export const waitsForApproval = (over: Partial<OwnedEvent> = {}): OwnedEvent =>
  happened('expansion.awaiting_approval', { reason }, over);
export const failed = (over: Partial<OwnedEvent> = {}): OwnedEvent =>
  happened('expansion.failed', { reason }, over);
export const quarantined = (node: string, over: Partial<OwnedEvent> = {}): OwnedEvent => {
  const problem = { code: 'none', facts: {}, text: 'it lacks keys', nextSteps: [], at: start };
  return happened('node.quarantined', { code: 'none', nextSteps: [], problem }, { ...over, node });
};

export const aChannel = (over: Partial<Channel> = {}): Channel => ({
  id: 'chn_1',
  name: 'on call',
  kind: 'slack',
  topics: [],
  masters: [],
  language: 'en',
  repeatMinutes: 30,
  quiet: null,
  mail: null,
  createdBy: 'ann',
  createdAt: start - 1000,
  ...over,
});

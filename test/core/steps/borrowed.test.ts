import { expect, it } from 'vitest';
import { advanceBorrowed, borrow, type Lender, takeSettingReply } from '../../../src/core/steps/borrowed.ts';
import type { Turn } from '../../../src/core/steps/turn.ts';
import type { BorrowedSetting, NodeCommand } from '../../../src/model/expansion.ts';
import { because } from '../../../src/model/reasons.ts';

const own = '1000';
const share = '700';

/** A node with one setting, whose file takes in the present value at every full sync (pika-facts 1.3, recording 17). */
function nodeWithThrottle() {
  let borrowed: BorrowedSetting | null = null;
  const node = { value: own, inFile: own };
  const turn = () => ({ now: 0, epoch: 1, events: [], commands: [] }) as unknown as Turn;
  const lender = (): Lender => ({
    name: 'n',
    joinIndex: 0,
    setting: 'throttle-bytes-per-second',
    borrowed,
    keep: (_turn, kept) => {
      borrowed = kept;
    },
    writesFile: () => true,
  });
  const carryOut = (command: NodeCommand): void => {
    if (command.kind === 'config_set') node.value = command.value;
    if (command.kind === 'config_rewrite') node.inFile = node.value;
  };
  /** Looks and acts until there is nothing more to do. */
  const settle = (value: string | null): void => {
    for (let i = 0; i < 10; i += 1) {
      const now = turn();
      const wish = { seen: node.value, value, why: because('share_changed') };
      if (borrowed?.state === 'borrowed') advanceBorrowed(now, lender(), borrowed, wish);
      else if (value !== null) borrow(now, lender(), wish);
      const next = now.commands[0];
      if (next === undefined) return;
      carryOut(next.command);
      takeSettingReply(turn(), lender(), { intentId: next.intentId, outcome: 'ok', text: 'OK' });
    }
  };
  /** One look and what follows from it. */
  const step = (value: string | null): void => {
    const now = turn();
    advanceBorrowed(now, lender(), borrowed!, { seen: node.value, value, why: because('share_changed') });
    const next = now.commands[0]!;
    carryOut(next.command);
    takeSettingReply(turn(), lender(), { intentId: next.intentId, outcome: 'ok', text: 'OK' });
  };
  return { node, settle, step, state: () => borrowed?.state ?? null };
}

it('a setting is put back in the file too', () => {
  const { node, settle, state } = nodeWithThrottle();
  settle(share);
  node.inFile = node.value;
  settle(null);
  expect([node.value, node.inFile, state()]).toEqual([own, own, 'restored']);
});

it('a setting that is needed again while it is being put back is put back in the file again', () => {
  const { node, settle, step, state } = nodeWithThrottle();
  settle(share);
  node.inFile = node.value;
  step(null);
  expect(node).toEqual({ value: own, inFile: share });
  step(null);
  expect(node).toEqual({ value: own, inFile: own });
  settle(share);
  node.inFile = node.value;
  settle(null);
  expect([node.value, node.inFile, state()]).toEqual([own, own, 'restored']);
});

it('a change whose reply was lost is not sent again before it has had the time to happen', () => {
  let borrowed: BorrowedSetting | null = null;
  const lender = (): Lender => ({
    name: 'n',
    joinIndex: 0,
    setting: 'throttle-bytes-per-second',
    borrowed,
    keep: (_turn, kept) => {
      borrowed = kept;
    },
    writesFile: () => false,
  });
  const sentAt = (now: number): number => {
    const turn = { now, epoch: 1, events: [], commands: [] } as unknown as Turn;
    const wish = { seen: own, value: share, why: because('share_changed') };
    if (borrowed === null) borrow(turn, lender(), wish);
    else advanceBorrowed(turn, lender(), borrowed, wish);
    return turn.commands.length;
  };
  expect([0, 1000, 5000].map(sentAt)).toEqual([1, 0, 0]);
  expect(sentAt(60_000)).toBe(1);
});

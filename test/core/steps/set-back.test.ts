import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/steps/decide.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { ControlVerb, Expansion } from '../../../src/model/expansion.ts';
import { because, type Reason } from '../../../src/model/reasons.ts';
import { begin } from './played-expansion.ts';

/** Of two nodes: the first copies, the second waits. */
const copying = await begin({ nodes: ['n1', 'n2'] }).then((run) =>
  run.comesTo('a copy', ({ joins }) => joins[0]!.phase === 'transferring'),
);

function decided(reason: Reason, verb: ControlVerb | null) {
  const now = copying.stateSince + 3_600_000;
  const expansion: Expansion = { ...copying, state: 'paused', stateSince: now, stateReason: reason };
  return decide({
    expansion,
    now,
    epoch: 7,
    masterLook: null,
    nodeLooks: new Map(),
    controls:
      verb === null
        ? []
        : [{ id: 'c1', verb, node: null, reason: 'looked at the nodes', by: 'ann', at: now }],
    frozen: null,
    reports: new Map(),
    masterHeldBy: null,
    capabilitiesOf,
  });
}

describe.each([
  ['a restore', because('restored', { restoredAt: 1, madeAt: null })],
  ['a failover', because('failed_over', { at: 1 })],
])('after %s to an older point', (_, reason) => {
  test('nothing is decided before a person has resumed or cancelled', () => {
    const { expansion, commands, events } = decided(reason, null);
    expect([expansion.joins.map(({ phase }) => phase), commands, events]).toEqual([
      ['transferring', 'waiting'],
      [],
      [],
    ]);
  });

  test.each(['resume', 'cancel'] as const)('%s leaves the node that was under way as it is', (verb) => {
    const { expansion, commands } = decided(reason, verb);
    const [first, second] = expansion.joins;
    expect(first).toMatchObject({ phase: 'quarantined', problem: { code: 'restored_meanwhile' } });
    expect(commands).toEqual([]);
    expect(first!.leaving).toBeNull();
    expect(second!.phase).toBe(verb === 'cancel' ? 'cancelled' : 'waiting');
  });
});

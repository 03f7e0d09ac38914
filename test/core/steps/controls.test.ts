import { describe, expect, test } from 'vitest';
import { blockingJoins, controlProblem } from '../../../src/core/steps/controls.ts';
import {
  type Control,
  controlVerbs,
  type Expansion,
  type ExpansionState,
  expansionStates,
  expansionTransitions,
  isEnded,
  type JoinPhase,
  joinPhases,
} from '../../../src/model/expansion.ts';
import { newExpansion } from '../../support/expansions.ts';

const node = '10.0.0.2:9221';
const base = newExpansion({ nodes: [node] });

const inState = (state: ExpansionState, phase: JoinPhase = 'waiting'): Expansion => ({
  ...base,
  state,
  joins: base.joins.map((join) => ({ ...join, phase })),
});
const codeOf = (expansion: Expansion, verb: Control['verb'], about: string | null = null) =>
  controlProblem(expansion, verb, about)?.code ?? null;

/** Where each verb takes an expansion, at once or at the next safe point. */
const leadsTo = { pause: 'paused', resume: 'running', cancel: 'cancelled', approve: 'running' } as const;

describe.each(Object.keys(leadsTo) as (keyof typeof leadsTo)[])('%s', (verb) => {
  test.each(expansionStates)(
    'of an expansion that is %s is let through only if the state can change so',
    (state) => {
      const problem = controlProblem(inState(state), verb, null);
      if (problem === null) expect(expansionTransitions[state]).toContain(leadsTo[verb]);
      else {
        expect(problem.message).toContain(base.id);
        expect(problem.nextSteps.length).toBeGreaterThan(0);
        expect(problem.asProblem(7)).toMatchObject({ code: problem.code, text: problem.message, at: 7 });
      }
    },
  );
});

test('nothing fits an expansion that has ended', () => {
  for (const state of expansionStates.filter(isEnded)) {
    for (const verb of controlVerbs)
      expect(codeOf(inState(state, 'failed'), verb, node)).toBe('expansion_ended');
  }
});

test('what has not ended can always be cancelled', () => {
  for (const state of expansionStates.filter((state) => !isEnded(state))) {
    expect(codeOf(inState(state), 'cancel')).toBeNull();
  }
});

test('a cancel that is under way is neither taken back nor doubled', () => {
  const asked: Control = { id: 'c', verb: 'cancel', node: null, reason: 'enough', by: 'ann', at: 6 };
  for (const state of ['running', 'halted'] as const) {
    const cancelling = { ...inState(state, 'quarantined'), pendingControl: asked };
    for (const verb of ['pause', 'resume', 'cancel', 'approve', 'retry'] as const) {
      const problem = controlProblem(cancelling, verb, node);
      expect([verb, problem?.code]).toEqual([verb, 'already_cancelling']);
      expect(problem?.message).toContain('ann asked for it (enough)');
    }
  }
});

describe('a halted expansion goes on only when every node that stopped it is dealt with', () => {
  test.each(['failed', 'quarantined'] as const)('%s', (phase) => {
    const halted = inState('halted', phase);
    expect(codeOf(halted, 'resume')).toBe('nodes_unresolved');
    expect(controlProblem(halted, 'resume', null)?.message).toContain(node);
    expect(blockingJoins(halted)).toHaveLength(1);
    expect(codeOf(halted, 'retry', node)).toBeNull();
    expect(codeOf(halted, 'skip', node)).toBeNull();
  });

  test('then it does', () => {
    expect(codeOf(inState('halted', 'skipped'), 'resume')).toBeNull();
  });
});

describe('retry and skip', () => {
  test.each(joinPhases)(
    'of a node in phase %s: never while its full sync may run, never when it is settled',
    (phase) => {
      const running = inState('running', phase);
      const ended = phase === 'failed' || phase === 'quarantined';
      const untouched = phase === 'waiting' || phase === 'preflight';
      expect(codeOf(running, 'retry', node) === null).toBe(ended);
      expect(codeOf(running, 'skip', node) === null).toBe(ended || untouched);
    },
  );

  test('need a node of the expansion', () => {
    expect(codeOf(inState('running'), 'skip', '10.9.9.9:1')).toBe('node_not_in_expansion');
    expect(codeOf(inState('running'), 'retry', null)).toBe('node_not_in_expansion');
  });
});

describe('a pause that waits for a safe point', () => {
  const pending: Control = { id: 'c', verb: 'pause', node: null, reason: 'peak', by: 'alice', at: 1 };
  const pausing: Expansion = { ...inState('running', 'transferring'), pendingControl: pending };

  test('is not asked for twice; who asked is told', () => {
    expect(controlProblem(pausing, 'pause', null)).toMatchObject({ code: 'already_pausing' });
    expect(controlProblem(pausing, 'pause', null)?.message).toMatch(/alice.*peak/);
  });

  test('can be taken back', () => {
    expect(codeOf(pausing, 'resume')).toBeNull();
  });
});

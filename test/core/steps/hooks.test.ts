/** Steps that others may hold. */
import { expect, test } from 'vitest';
import { questionsOf } from '../../../src/core/steps/hooks.ts';
import type { Expansion, JoinPhase } from '../../../src/model/expansion.ts';
import type { HookStep } from '../../../src/model/hook-steps.ts';
import { askedStep, type HookQuestion, type Hooks } from '../../../src/model/hooks.ts';
import { because, type Reason } from '../../../src/model/reasons.ts';
import { newExpansion } from '../../support/expansions.ts';
import { begin, ended, isIn, minute } from './played-expansion.ts';

/** Somebody who is asked at these steps, and holds those questions that `holds` says. */
function asker(...steps: HookStep[]) {
  const asked: HookQuestion[] = [];
  const holding = new Set<string>();
  const nameOf = ({ step, nodes }: HookQuestion) => `${step} ${nodes.map(({ name }) => name).join()}`;
  let at: readonly HookStep[] = steps;
  const hooks: Hooks = {
    steps: async () => new Set(at),
    async ask(question): Promise<Reason | null> {
      asked.push(question);
      return holding.has(nameOf(question)) ? because('hooks_being_asked', askedStep(question)) : null;
    },
  };
  return {
    hooks,
    holding,
    /** What was asked, each once. */
    asked: () => [...new Set(asked.map(nameOf))],
    leaves() {
      at = [];
    },
  };
}

const names = ({ target }: Pick<Awaited<ReturnType<typeof begin>>, 'target'>, ...ids: string[]) =>
  ids.map((id) => target(id).name);

test('each step is asked about once, in its order, and every node is published', async () => {
  const { hooks, asked } = asker('before_batch', 'before_node', 'after_verified');
  const run = await begin({ nodes: ['n1', 'n2'], hooks, policy: { batchSize: 1 } });
  const { state, joins } = await run.comesTo('its end', ended);
  expect([state, ...joins.map(({ published }) => published)]).toEqual(['succeeded', true, true]);
  const [n1, n2] = names(run, 'n1', 'n2');
  expect(asked()).toEqual([
    `before_batch ${n1}`,
    `before_node ${n1}`,
    `after_verified ${n1}`,
    `before_batch ${n2}`,
    `before_node ${n2}`,
    `after_verified ${n2}`,
  ]);
  expect((await run.eventTypes()).filter((type) => type === 'node.published')).toHaveLength(2);
});

test('where nobody is asked nothing is published, and nothing waits', async () => {
  const { hooks, asked } = asker();
  const run = await begin({ nodes: ['n1'], hooks });
  const { joins } = await run.comesTo('its end', ended);
  expect([asked(), joins[0]!.published]).toEqual([[], undefined]);
  expect(await run.eventTypes()).not.toContain('node.published');
});

test('a node that is held gets no command, and says who holds it; then it is added', async () => {
  const { hooks, holding } = asker('before_node');
  const run = await begin({ nodes: ['n1', 'n2'], hooks, policy: { batchSize: 1 } });
  const [n2] = names(run, 'n2');
  holding.add(`before_node ${n2}`);
  const held = await run.comesTo('n2 is held', ({ joins }) => joins[1]!.waitingFor !== null);
  expect(held.joins[1]!.waitingFor).toMatchObject({ code: 'hooks_being_asked', facts: { nodes: [n2] } });
  expect(await run.until(async () => run.attached().includes('n2'), 10 * minute)).toBe(false);
  holding.clear();
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
});

test('the next batch, and the end, wait until a proven node is published', async () => {
  const { hooks, holding } = asker('after_verified');
  const run = await begin({ nodes: ['n1', 'n2'], hooks, policy: { batchSize: 1 } });
  for (const name of names(run, 'n1', 'n2')) holding.add(`after_verified ${name}`);
  await run.comesTo('n1 is verified', isIn(0, 'verified'));
  expect(await run.until(async () => run.attached().includes('n2'), 10 * minute)).toBe(false);
  expect((await run.e()).joins[0]).toMatchObject({
    published: false,
    waitingFor: { code: 'hooks_being_asked' },
  });
  holding.delete(`after_verified ${names(run, 'n1')[0]}`);
  await run.comesTo('n2 is verified', isIn(1, 'verified'));
  expect(await run.until(async () => ended(await run.e()), 10 * minute)).toBe(false);
  holding.clear();
  const { state, joins } = await run.comesTo('its end', ended);
  expect([state, joins[0]!.waitingFor, joins[1]!.waitingFor]).toEqual(['succeeded', null, null]);
});

test('who is no longer there holds nothing', async () => {
  const { hooks, holding, leaves } = asker('after_verified');
  const run = await begin({ nodes: ['n1'], hooks });
  holding.add(`after_verified ${names(run, 'n1')[0]}`);
  await run.comesTo(
    'n1 waits',
    ({ joins }) => joins[0]!.published === false && joins[0]!.waitingFor !== null,
  );
  leaves();
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  expect(await run.eventTypes()).not.toContain('node.published');
});

test('where a failure detaches the whole batch, no node is published before all of it are proven', () => {
  const base = newExpansion({ nodes: ['a:1', 'b:1'], policy: { onFailure: 'rollback' } });
  const at = (other: JoinPhase): Expansion => ({
    ...base,
    state: 'running',
    batchCount: 1,
    joins: base.joins.map((join, index) =>
      index === 0
        ? { ...join, batch: 0, phase: 'verified', published: false }
        : { ...join, batch: 0, phase: other },
    ),
  });
  const asked = (expansion: Expansion) =>
    questionsOf(expansion, new Set(['after_verified'])).map(({ nodes }) => nodes[0]!.name);
  for (const phase of ['transferring', 'failed', 'quarantined'] as const)
    expect(asked(at(phase))).toEqual([]);
  for (const phase of ['verified', 'skipped'] as const) expect(asked(at(phase))).toEqual(['a:1']);
  const { policy } = newExpansion({ policy: { onFailure: 'halt' } });
  expect(asked({ ...at('transferring'), policy })).toEqual(['a:1']);
});

test('a node that waits to be published does not keep a cancel from its end', async () => {
  const { hooks, holding } = asker('after_verified');
  const run = await begin({ nodes: ['n1', 'n2'], hooks, policy: { batchSize: 1 } });
  holding.add(`after_verified ${names(run, 'n1')[0]}`);
  await run.comesTo(
    'n1 waits',
    ({ joins }) => joins[0]!.published === false && joins[0]!.waitingFor !== null,
  );
  await run.control('cancel');
  const { state, joins } = await run.comesTo('its end', ended);
  expect([state, ...joins.map(({ phase }) => phase)]).toEqual(['cancelled', 'verified', 'cancelled']);
});

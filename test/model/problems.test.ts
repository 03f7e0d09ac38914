import { describe, expect, test } from 'vitest';
import { makeAnomaly } from '../../src/model/anomalies.ts';
import type { Problem } from '../../src/model/expansion.ts';
import {
  makeProblem,
  type ProblemCode,
  type ProblemFacts,
  problemFor,
  problemOfAnomaly,
  problemOfFindings,
  problems,
} from '../../src/model/problems.ts';
import { because } from '../../src/model/reasons.ts';
import { aFinding, anAnomaly, aRule, masterWork } from '../support/samples.ts';
import { expectText, readers } from '../support/texts.ts';
import { notAllowedSamples } from './not-allowed-samples.ts';

const node = '10.0.0.2:9221';
const master = '10.0.0.1:9221';
const kinds = ['busy', 'unreachable', 'denied', 'garbled'] as const;
const nodeAway = kinds.flatMap((kind) =>
  [null, 'connect ECONNREFUSED'].map((met) => ({ node, waitedMs: 60_000, kind, met })),
);
const masterAway = kinds.flatMap((kind) =>
  [null, node].map((of) => ({ master, forMs: 60_000, node: of, kind, met: 'connect ECONNREFUSED' })),
);

/** Facts of every code, in the shapes that the service makes. */
const samples: { readonly [Code in ProblemCode]: readonly ProblemFacts<Code>[] } = {
  comparison_broke: [{ comparison: 'cmp_1' }],
  comparison_not_possible: [
    { credential: 'old', known: [] },
    { credential: 'old', known: ['prod', 'test'] },
  ],
  master_busy: [
    ...masterAway,
    { master, waitedMs: 60_000, work: masterWork, silence: null },
    { master, waitedMs: 60_000, work: null, silence: because('master_silent', { kind: 'busy' }) },
  ],
  master_unreachable: masterAway,
  master_denied: masterAway,
  master_garbled: masterAway,
  master_facts_missing: [{ master, forMs: 60_000 }],
  node_busy: nodeAway,
  node_unreachable: nodeAway,
  node_denied: nodeAway,
  node_garbled: nodeAway,
  foreign_change: [{ node, foundMaster: '10.9.9.9:9221' }],
  has_slaves: [{ node }],
  stale_entry: [{ master, node }],
  holds_data: [{ node }],
  restored_meanwhile: [{ node, master }],
  follow_not_allowed: notAllowedSamples.map((notAllowed) => ({ notAllowed })),
  command_hidden: [{ node, command: 'SLAVEOF', reply: 'ERR unknown command "slaveof"' }],
  command_refused: [{ node, command: 'SLAVEOF', reply: 'ERR no' }],
  comparison_inconclusive: [
    { node, tries: 3, reason: 'the node went away' },
    { node, tries: 3, reason: null },
  ],
  evidence_missing: [{ node, because: because('rules_missing', { rules: [aRule] }) }],
  expansion_failed: [
    { id: 'exp_1', why: makeProblem('holds_data', { node }, 1) },
    { id: 'exp_1', why: null },
  ],
  expansion_cancelled: [{ id: 'exp_1', why: because('copying') }],
  link_unsteady: [{ node, times: 21 }],
  expansion_gone: [{ member: 2, master, expansionId: 'exp_1' }],
};

const made = <Code extends ProblemCode>(code: Code): readonly Problem[] =>
  samples[code].map((facts) => makeProblem(code, facts, 1));

const expectProblem = (problem: Problem): void => {
  const stored: Problem = JSON.parse(JSON.stringify(problem));
  for (const reader of readers) {
    const { text, nextSteps } = problemFor(stored, reader);
    expect(nextSteps.length).toBeGreaterThan(0);
    for (const words of [text, ...nextSteps]) expectText(words, reader.language);
  }
};

describe('every problem', () => {
  test.each(Object.keys(problems) as ProblemCode[])('%s reads for everybody, after it was stored', (code) => {
    for (const problem of made(code)) expectProblem(problem);
  });

  test('that findings or an anomaly make reads for everybody', () => {
    expectProblem(problemOfFindings([aFinding, aFinding], 1));
    expectProblem(problemOfAnomaly(anAnomaly));
    expectProblem(problemOfAnomaly(anAnomaly, null, 1));
    const { at, attempt } = anAnomaly;
    expectProblem(
      problemOfAnomaly(
        makeAnomaly('sync_loop', { as: 'since_attach', fullSyncs: 5 }, { at, attempt }),
        null,
        3,
      ),
    );
  });
});

test('a copy without an end names one cause: a full disk in its own words, or the likeliest', () => {
  const sizes = { receivedBytes: 50e6, snapshotBytes: 31e6, snapshotBytesAtMost: 31e6, masterBytes: 31e6 };
  const textOf = (timesOut: boolean, cause: 'disk_full' | 'requests_time_out'): string => {
    const anomaly = makeAnomaly('copy_without_end', { node, timesOut, ...sizes }, { at: 1, attempt: 1 });
    const diagnosis = {
      causes: [{ code: cause, text: cause, facts: {} }],
      remedy: { kind: 'person', steps: [] },
    };
    return problemOfAnomaly(anomaly, diagnosis as never).text;
  };
  expect(textOf(false, 'disk_full')).toMatch(/The usual cause is a full disk: [^.]* on \S+\.$/);
  expect(textOf(true, 'requests_time_out')).toMatch(
    /still copies\. Likely cause: Requests for files time out/,
  );
  // The log of the node can know better than its bytes.
  expect(textOf(true, 'disk_full')).toMatch(/still copies\. Likely cause: The disk of the node is full/);
});

const zh = { language: 'zh', tool: 'rest' } as const;

test('is stored in English and reads in Chinese', () => {
  const stored = makeProblem('stale_entry', { master, node }, 1);
  expect(stored.text).toBe(`${master} still lists ${node} although the node is detached.`);
  expect(problemFor(stored, zh)).toMatchObject({
    code: 'stale_entry',
    text: `节点已断开，但 ${master} 仍列出 ${node}。`,
  });
});

test('of another release keeps the words in which it was stored', () => {
  const { facts: _, ...old } = { ...makeProblem('stale_entry', { master, node }, 1), text: 'As it was.' };
  expect(problemFor(old, zh).text).toBe('As it was.');
  expect(problemFor({ ...old, facts: { node } }, zh).text).toBe('As it was.');
  expect(problemFor({ ...old, code: 'gone' }, zh)).toEqual({ ...old, code: 'gone' });
});

test.each(readers)(
  'a refused login, and no other silence, names where the password stands, for %j',
  (reader) => {
    const steps = (kind: (typeof kinds)[number]) =>
      [
        makeProblem('node_denied', { node, waitedMs: 60_000, kind, met: null }, 1),
        makeProblem('master_denied', { master, forMs: 60_000, node, kind, met: null }, 1),
      ].map((problem) => problemFor(problem, reader).nextSteps.join(' '));
    for (const text of steps('denied'))
      expect(text).toMatch(/PIKA_PASSWORD.*PIKA_CREDENTIAL_<NAME>_PASSWORD/);
    for (const text of steps('unreachable')) expect(text).not.toContain('PASSWORD');
  },
);

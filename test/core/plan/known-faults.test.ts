import { expect, test } from 'vitest';
import { preflight } from '../../../src/core/plan/preflight.ts';
import { builtIn } from '../../../src/engines/pika/knowledge.ts';
import { faultsOf } from '../../../src/model/knowledge.ts';
import { aMaster, aRequest } from './preflight-support.ts';

/** The finding about a master of this version whose clients have sent these commands; undefined = there is none. */
function finding(version: string, commandCalls?: Record<string, number>) {
  const master = aMaster({ version, facts: commandCalls ? { commandCalls } : {} });
  const faults = faultsOf([version], builtIn);
  return preflight(aRequest({ master: { ...master, faults } })).find(({ code }) => code === 'known_faults');
}

test('a plan names the faults of the release that the master’s clients meet, with the commands and what to use', () => {
  const found = finding('4.0.1', { setex: 12, get: 1000 });
  expect(found).toMatchObject({ severity: 'warning', node: null });
  expect(found!.text).toMatch(/Its clients use SETEX \(12 calls\): /);
  expect(found!.text).toMatch(/SET … EX or SET … PX are lost on slaves/);
  expect(found!.nextStep).toMatch(/Use SET and then EXPIRE/);
  expect(found!.text).not.toMatch(/PEXPIRE|PSETEX/);
});

test('it names none whose commands nobody sends, and none of another release', () => {
  expect(finding('4.0.1', { get: 1, set: 5 })).toBeUndefined();
  expect(finding('3.5.4', { setex: 12, psetex: 3, pexpire: 9 })).toBeUndefined();
});

test('it names all of them where the master does not tell its commands', () => {
  const faults = finding('4.0.1')!.facts?.faults as readonly { readonly code: string }[];
  const warnings = faultsOf(['4.0.1'], builtIn).filter(({ severity }) => severity === 'warning');
  expect(faults.map(({ code }) => code)).toEqual(warnings.map(({ code }) => code));
});

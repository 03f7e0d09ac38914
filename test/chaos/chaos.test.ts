import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { faultKinds } from './faults.ts';
import { quickForm } from './forms.ts';
import { broken, figures } from './report.ts';
import { runChaos } from './run.ts';

const hasRedis = spawnSync(process.env.REDIS_SERVER ?? 'redis-server', ['--version']).status === 0;

/** The quick form; the full one is `npm run chaos`. The seed lets a worker stand still early, which takes longest. */
const seed = 7;

it.skipIf(!hasRedis)(
  'every promise is kept while Redis, PostgreSQL, the API and the workers are killed and cut off',
  async () => {
    const lines: string[] = [];
    const report = await runChaos({ ...quickForm, seed, tell: (text) => lines.push(text) });
    console.log(figures(report));
    const told = lines.join('\n');
    expect(broken(report), told).toBe('');
    expect(report.expansions).toBeGreaterThanOrEqual(quickForm.expansions);
    expect(report.ends, told).toEqual({ succeeded: report.expansions });
    expect(report.operatorSteps, told).toBe(0);
    expect(report.nodesVerified, told).toBe(report.nodesAsked);
    expect(report.nodesCompared, told).toBe(report.nodesAsked);
    for (const kind of faultKinds) expect(report.faults[kind], kind).toBeGreaterThan(0);
    expect(report.unclean).toEqual([]);
  },
  quickForm.limitMs + 120_000,
);

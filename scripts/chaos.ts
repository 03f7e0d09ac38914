/**
 * Chaos on the real parts (docs/reliability.md): expansions on simulated nodes while Redis, PostgreSQL, the API and the
 * workers are killed, emptied and cut off. Exits with 1 when a promise was broken.
 *   npm run chaos -- [--expansions 100] [--seed 1]
 *   npm run chaos -- --quick
 *   npm run chaos -- --quick --sabotage early_slaveof    (breaks a promise on purpose)
 * With --logs FOLDER everything that the service's processes print is kept there.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fullForm, quickForm } from '../test/chaos/forms.ts';
import { broken, figures } from '../test/chaos/report.ts';
import { runChaos, type Sabotage, sabotages } from '../test/chaos/run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    expansions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    sabotage: { type: 'string' },
    logs: { type: 'string' },
  },
});

function sabotageNamed(name: string | undefined): { readonly sabotage?: Sabotage } {
  if (name === undefined) return {};
  const sabotage = sabotages.find((each) => each === name);
  if (sabotage === undefined)
    throw new Error(`there is no sabotage ${name}; there are ${sabotages.join(', ')}`);
  return { sabotage };
}

function logsInto(folder: string | undefined) {
  if (folder === undefined) return {};
  mkdirSync(folder, { recursive: true });
  return { onOutput: (part: string, text: string) => appendFileSync(join(folder, `${part}.log`), text) };
}

/** Ctrl-C ends the run in good order, with nothing left behind. */
function stoppedBySignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

async function main(): Promise<boolean> {
  const form = values.quick ? quickForm : fullForm;
  const report = await runChaos({
    ...form,
    ...(values.expansions === undefined ? {} : { expansions: Number(values.expansions) }),
    ...sabotageNamed(values.sabotage),
    ...logsInto(values.logs),
    seed: Number(values.seed),
    signal: stoppedBySignals(),
    tell: (text) => console.log(text),
  });
  if (report.violations.length > 0) console.log(`\n${broken(report)}`);
  console.log(`\n${figures(report)}`);
  return report.violations.length === 0;
}

main().then(
  (kept) => process.exit(kept ? 0 : 1),
  (error) => {
    console.error(error);
    process.exit(2);
  },
);

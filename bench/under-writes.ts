/**
 * Whether full comparisons under writes are right: 1,000,000 keys, 2,000 writes/s (values, deletions, expiries, members)
 * to the keys under comparison. In each run a healthy pair must show no difference, and one key removed on the slave, one
 * changed, and one field changed of a hash that is being written must each be found, alone. Prints counts. UNDER_WRITES_RUNS,
 * UNDER_WRITES_KEYS change its size; where PIKA_BIN is set the pair is a Pika's.
 */

import { resolveSpec } from '../src/compare/compare.ts';
import { run } from '../src/compare/run.ts';
import type { ComparisonReport } from '../src/model/comparison.ts';
import type { Argument } from '../src/resp/writer.ts';
import {
  changePikaSlave,
  followPika,
  pikaBinary,
  startPika,
  startRedis,
  startRedisSlave,
  type TestServer,
} from '../test/compare/servers.ts';
import { startWriting } from '../test/compare/writes.ts';
import { figure } from './figures.ts';

const keys = Number(process.env.UNDER_WRITES_KEYS ?? 1_000_000);
const runs = Number(process.env.UNDER_WRITES_RUNS ?? 5);
const writesPerSecond = 2000;
/** Of ten keys, one is not written, so that what a test does to it on the slave stays. */
const written = Math.floor(keys * 0.9);

interface Damage {
  readonly name: string;
  readonly commands: (at: number) => readonly (readonly Argument[])[];
  readonly found: (at: number) => string;
}

const still = (at: number) => `still:${at}`;
const damages: readonly Damage[] = [
  { name: 'removed key', commands: (at) => [['DEL', still(at)]], found: (at) => `${still(at)} missing` },
  {
    name: 'changed key',
    commands: (at) => [['SET', still(at), 'other']],
    found: (at) => `${still(at)} value`,
  },
  {
    name: 'changed field of a hash being written',
    commands: (at) => [['HSET', `hash:${at % 50}`, 'still', 'other']],
    found: (at) => `hash:${at % 50} value`,
  },
];

function* data(): Generator<readonly Argument[]> {
  for (let i = 0; i < written; i++) yield ['SET', `key:${i}`, `value ${i}`.padEnd(100)];
  for (let i = 0; i < keys - written; i++) yield ['SET', still(i), `value ${i}`.padEnd(100)];
  for (let i = 0; i < 50; i++) yield ['HSET', `hash:${i}`, 'still', `value ${i}`];
}

/** Sets a key of the slave, as damaged or as the master has it. */
type Change = (commands: readonly (readonly Argument[])[]) => Promise<void>;

async function openPair(): Promise<{ master: TestServer; slave: TestServer; change: Change }> {
  if (pikaBinary === null) {
    const master = await startRedis();
    await master.load(data());
    const slave = await startRedisSlave(master, '--replica-read-only', 'no');
    return { master, slave, change: (commands) => slave.load(commands) };
  }
  const [master, slave] = await Promise.all([startPika(), startPika()]);
  await master.load(data());
  await followPika(slave, master);
  return { master, slave, change: (commands) => changePikaSlave(slave, master, commands) };
}

/** Prints a line for healthy pairs, and one for each kind of damage. */
export async function benchUnderWrites(): Promise<void> {
  const { master, slave, change } = await openPair();
  let comparisons = 0;
  let commands = 0;
  let seconds = 0;
  const compare = async (): Promise<ComparisonReport> => {
    const writing = startWriting(master, written, writesPerSecond);
    const { report } = await run({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ depth: 'full' }),
    });
    commands += await writing.stop();
    seconds += (report.endedAt - report.startedAt) / 1000;
    comparisons += 1;
    return report;
  };
  let healthy = 0;
  const found = new Map(damages.map((damage) => [damage.name, 0]));
  try {
    for (let i = 0; i < runs; i++) {
      const report = await compare();
      if (report.verdict === 'equal') healthy += 1;
      else console.log(`healthy pair, run ${i + 1}: ${describe(report)}`);
      for (const damage of damages) {
        const at = Math.floor(Math.random() * (keys - written));
        await change(damage.commands(at));
        const differing = await compare();
        const examples = differing.examples.map(({ key, kind }) => `${key} ${kind}`);
        if (differing.differencesTotal === 1 && examples[0] === damage.found(at))
          found.set(damage.name, found.get(damage.name)! + 1);
        else console.log(`${damage.name}, run ${i + 1}: ${describe(differing)}`);
        await change([
          ['SET', still(at), `value ${at}`.padEnd(100)],
          ['HSET', `hash:${at % 50}`, 'still', `value ${at % 50}`],
        ]);
      }
    }
  } finally {
    await slave.stop();
    await master.stop();
  }
  const label = `comparison under writes${pikaBinary === null ? '' : ' on Pika'}`;
  console.log(
    `${label}: ${comparisons} comparisons of ${keys} keys, ${Math.round(commands / seconds)} writes/s, ${Math.round(seconds / comparisons)} s each`,
  );
  const all = { exactly: runs };
  figure({ what: `${label}, healthy pairs without a difference`, value: healthy, goal: all });
  for (const [name, times] of found)
    figure({ what: `${label}, ${name} found and nothing else`, value: times, goal: all });
}

const describe = ({ verdict, reason, examples }: ComparisonReport): string =>
  JSON.stringify({ verdict, reason, examples: examples.slice(0, 3) });

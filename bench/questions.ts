/**
 * How kind the service is to the servers: what a node in full sync and its master are asked each second at default settings, by
 * phase, as the simulated servers count it in virtual time.
 */
import { type Questions, questionsOfSync } from '../test/scheduling/questions.ts';
import { figure } from './figures.ts';

/** Commands a second in the mean of a full sync, for each server. A copy of seconds has no long part. */
const goal = { atMost: 5 };
const copies = [10, 60, 600];
const shortestSeconds = 60;

/** Runs the benchmark: figures of each full sync, and of each of its phases. */
export async function benchQuestions(): Promise<void> {
  for (const version of ['3.5.4', '4.0.1'] as const)
    for (const seconds of copies) {
      const { whole, phases } = await questionsOfSync(version, seconds);
      const name = `questions, ${version}, a copy of ${seconds} s`;
      const isLong = seconds >= shortestSeconds;
      print(name, whole, isLong);
      // A short phase is looked at closely, and costs a few commands.
      for (const [phase, asked] of phases) print(`${name}, ${phase}`, asked, isLong && asked.seconds >= 2);
    }
}

function print(name: string, { seconds, ofNode, ofMaster }: Questions, hasGoal: boolean): void {
  for (const [server, commands] of [
    ['node', ofNode],
    ['master', ofMaster],
  ] as const)
    figure({
      what: `${name}, ${server}`,
      value: commands / seconds,
      unit: '/s',
      more: `${commands} commands in ${seconds.toFixed(2)} s`,
      ...(hasGoal ? { goal } : {}),
    });
}

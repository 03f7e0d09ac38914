/** How a benchmark says what it measured: a line a figure, with its goal and whether it is reached. */
import { cpus, loadavg, totalmem } from 'node:os';

/** One bound, or two. */
type Goal = Readonly<Partial<Record<keyof typeof bounds, number>>>;

const bounds = {
  atLeast: { word: 'at least ', holds: (value: number, bound: number) => value >= bound },
  atMost: { word: 'at most ', holds: (value: number, bound: number) => value <= bound },
  below: { word: 'below ', holds: (value: number, bound: number) => value < bound },
  exactly: { word: '', holds: (value: number, bound: number) => value === bound },
};

interface Figure {
  readonly what: string;
  readonly value: number;
  /** Behind the number: `ms`, `MB`, `%`, or nothing for ratios and counts. */
  readonly unit?: string;
  /** Absent = the figure is told, and nothing is to be reached. */
  readonly goal?: Goal;
  /** What it was measured with, in brackets. */
  readonly more?: string;
}

const counts = { reached: 0, missed: 0 };

/** Prints a figure, and counts whether its goal is reached. */
export function figure({ what, value, unit = '', goal, more }: Figure): void {
  const number = `${textOf(value)}${unit && ` ${unit}`}${more ? ` (${more})` : ''}`;
  if (goal === undefined) {
    console.log(`${what}: ${number}`);
    return;
  }
  const reached = isReached(goal, value);
  counts[reached ? 'reached' : 'missed'] += 1;
  console.log(
    `${what}: ${number}; goal ${goalText(goal)}${unit && ` ${unit}`}: ${reached ? 'pass' : 'FAIL'}`,
  );
}

/** The machine of a run and what else it does: figures of two runs compare only where these do. */
export function printMachine(): void {
  const [cpu] = cpus();
  console.log(
    `machine: ${cpu?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, Node ${process.versions.node}, load ${loads()} before`,
  );
}

/** Prints how many goals were reached. Whether all were. */
export function printEnd(): boolean {
  console.log(
    `machine: load ${loads()} after; goals: ${counts.reached} reached, ${counts.missed} not reached`,
  );
  return counts.missed === 0;
}

const loads = (): string =>
  loadavg()
    .map((one) => one.toFixed(2))
    .join(' ');

const boundsOf = (goal: Goal) => Object.entries(goal) as [keyof Goal, number][];

const isReached = (goal: Goal, value: number): boolean =>
  boundsOf(goal).every(([name, bound]) => bounds[name].holds(value, bound));

const goalText = (goal: Goal): string =>
  boundsOf(goal)
    .map(([name, bound]) => bounds[name].word + textOf(bound))
    .join(' and ');

/** Whole numbers as they are; others with three significant digits, and four near one: a ratio must not look like its goal. */
function textOf(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(value > 0.9 && value < 1.2 ? 4 : 3)));
}

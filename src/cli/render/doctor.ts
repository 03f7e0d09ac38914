import type { CommandLineWords } from '../../model/command-line/index.ts';
import { displayWidth, pad, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** A part of the service. `broken`: it does no work. `stopped`: a person has stopped it. `unknown`: it cannot be told, or is not there. */
export interface Part {
  readonly name: string;
  readonly state: 'good' | 'unknown' | 'stopped' | 'broken';
  readonly text: string;
  readonly nextSteps: readonly string[];
}

/** Something that waits for a person. */
export interface Need {
  readonly kind: string;
  readonly id: string;
  /** Its master or its label. */
  readonly about: string;
  readonly text: string;
  readonly nextSteps: readonly string[];
}

export interface Diagnosed {
  readonly parts: readonly Part[];
  readonly atWork: readonly {
    readonly id: string;
    readonly master: string;
    readonly state: string;
    readonly text: string;
  }[];
  readonly needsPerson: readonly Need[];
}

/** One screen. */
export function renderDoctor(
  { parts, atWork, needsPerson }: Diagnosed,
  words: CommandLineWords['doctor'],
  style: Style,
): string[] {
  const nameOf = (name: string): string => (words.parts as Readonly<Record<string, string>>)[name] ?? name;
  const width = Math.max(...parts.map(({ name }) => displayWidth(nameOf(name))));
  const marks = {
    good: style.green('✔'),
    unknown: style.dim('–'),
    stopped: style.yellow('⚠'),
    broken: style.red('✖'),
  };
  return [
    ...parts.flatMap(({ name, state, text, nextSteps }) => [
      `${marks[state]} ${pad(nameOf(name), width)}  ${printable(text)}`,
      ...nextSteps.map((step) => `    → ${step}`),
    ]),
    '',
    ...(atWork.length === 0
      ? [words.nothingAtWork]
      : [words.atWork, ...atWork.map(({ id, master, text }) => `  ${id}  ${master}  ${printable(text)}`)]),
    '',
    ...(needsPerson.length === 0
      ? [style.green(words.nothingNeedsPerson)]
      : [
          style.yellow(words.needsPerson),
          ...needsPerson.flatMap(({ id, about, text, nextSteps }) => [
            `  ${[id, about].filter(Boolean).map(printable).join('  ')}`,
            `    ${printable(text)}`,
            ...nextSteps.map((step) => `    → ${printable(step)}`),
          ]),
        ]),
  ];
}

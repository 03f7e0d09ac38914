import { closeSync, rmSync, writeSync } from 'node:fs';
import type { Address } from '../../model/observation.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printable } from '../format.ts';
import { newFile } from '../new-file.ts';
import { parseDuration } from '../quantities.ts';
import { printDocument } from '../session.ts';
import { type GlobalOptions, readText } from '../settings.ts';
import { parseMaster, partsOf } from '../targets.ts';

export interface RecordOptions {
  readonly master: string;
  readonly out: string;
  readonly for: string;
  readonly every: string;
  readonly log?: readonly string[];
  readonly passwordFile?: string;
  readonly hideAddresses?: boolean;
}

/** Records until its time is up or Ctrl-C, then says how to judge the recording. */
export async function record(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions & RecordOptions,
  nodes: readonly string[],
): Promise<ExitCode> {
  const words = context.words.recordings;
  const everyMs = duration('--every', options.every, 100, 60_000);
  const forMs = duration('--for', options.for, 1000, 7 * 86_400_000);
  const request = {
    master: addressOf(options.master),
    nodes: nodes.map(addressOf),
    password: options.passwordFile ? readText(options.passwordFile, 'password', context).trim() : null,
    everyMs,
    logs: logsOf(options.log ?? [], nodes.length),
    hideAddresses: options.hideAddresses ?? false,
  };
  const file = newFile(options.out);
  const ending = new AbortController();
  const undo = context.onInterrupt(() => ending.abort());
  let rows = 0;
  const write = (row: string): void => {
    writeSync(file, `${row}\n`);
    rows++;
  };
  try {
    void context.sleep(forMs, ending.signal).then(() => ending.abort());
    if (!options.json) context.stderr.write(`${words.begun(options.out)}\n`);
    const silent = await entrances.record({ ...request, write, signal: ending.signal });
    printDocument(options, context, { file: options.out, rows, silent }, () => [
      ...silent.map(({ node, error }) => printable(words.neverAnswered(node, error))),
      words.recorded(rows, options.out),
    ]);
    return exitCodes.succeeded;
  } catch (error) {
    if (rows === 0) rmSync(options.out);
    throw new CliError(
      'not_recorded',
      ({ recordings }) => recordings.failed(rows, (error as Error).message),
      [({ recordings }) => recordings.checkFiles],
      exitCodes.failed,
    );
  } finally {
    ending.abort();
    undo();
    closeSync(file);
  }
}

function addressOf(text: string): Address {
  const { address, ...more } = parseMaster(text);
  if (Object.keys(more).length > 0)
    throw new UsageError(
      ({ recordings }) => recordings.addressAlone(text),
      [({ recordings }) => recordings.givePassword],
    );
  return partsOf(address);
}

function duration(flag: string, text: string, least: number, most: number): number {
  const ms = parseDuration(text);
  if (ms === null || ms < least || ms > most)
    throw new UsageError(
      ({ recordings }) => recordings.isGiven(flag, text),
      [({ recordings }) => recordings.durationForm(least, most)],
    );
  return ms;
}

function logsOf(texts: readonly string[], nodes: number): ReadonlyMap<string, string> {
  const names = ['m', ...Array.from({ length: nodes }, (_, index) => `s${index + 1}`)];
  return new Map(
    texts.map((text) => {
      const [name = '', file = ''] = text.split(/=(.*)/s, 2);
      if (!names.includes(name) || file === '')
        throw new UsageError(
          ({ recordings }) => recordings.isGiven('--log', text),
          [({ recordings }) => recordings.logForm(names)],
        );
      return [name, file];
    }),
  );
}

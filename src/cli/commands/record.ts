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
    if (!options.json) context.stderr.write(`Recording to ${options.out}. Ctrl-C ends it.\n`);
    const silent = await entrances.record({ ...request, write, signal: ending.signal });
    printDocument(options, context, { file: options.out, rows, silent }, () => [
      ...silent.map(({ node, error }) => printable(`${node} never answered: ${error}`)),
      `${rows} rows are in ${options.out}. To judge them: pika-expander replay ${options.out}`,
    ]);
    return exitCodes.succeeded;
  } catch (error) {
    if (rows === 0) rmSync(options.out);
    throw new CliError(
      'not_recorded',
      `The recording ended after ${rows} rows: ${(error as Error).message}`,
      ['Check that each log file can be read, and that there is room for the recording.'],
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
    throw new UsageError(`"${text}": a server to record is host:port alone.`, [
      'Give the password of the servers by --password-file.',
    ]);
  return partsOf(address);
}

function duration(flag: string, text: string, least: number, most: number): number {
  const ms = parseDuration(text);
  if (ms === null || ms < least || ms > most)
    throw new UsageError(`${flag} is "${text}".`, [
      `Write ${least} to ${most} ms, such as 500ms, 30s or 10m.`,
    ]);
  return ms;
}

function logsOf(texts: readonly string[], nodes: number): ReadonlyMap<string, string> {
  const names = ['m', ...Array.from({ length: nodes }, (_, index) => `s${index + 1}`)];
  return new Map(
    texts.map((text) => {
      const [name = '', file = ''] = text.split(/=(.*)/s, 2);
      if (!names.includes(name) || file === '')
        throw new UsageError(`--log is "${text}".`, [
          `Write NAME=FILE, where NAME is one of ${names.join(', ')}.`,
        ]);
      return [name, file];
    }),
  );
}

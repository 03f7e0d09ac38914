import { type SimulatedVersion, simulatedVersions } from '../../simulator/versions.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

export interface SimulateOptions {
  readonly version?: string;
  readonly nodes?: string;
  readonly port?: string;
  readonly keys?: string;
  readonly writes?: string;
}

/** The ports that belong to a node lie at most so far above its own, and `nodes` ports follow one another. */
const highestPort = 65_535 - 10_001;
const mostNodes = 200;

/** Serves simulated nodes until Ctrl-C. */
export async function simulate(
  entrances: Entrances,
  context: CliContext,
  options: SimulateOptions,
): Promise<ExitCode> {
  const words = context.words.simulate;
  const { version = '3.5.4' } = options;
  if (!isSimulated(version)) throw new UsageError(words.notAVersion(version, simulatedVersions.join(', ')));
  const number = (flag: keyof SimulateOptions, text: string, least: number, most: number): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new UsageError(words.notANumber(`--${flag}`, text, least, most));
  };
  const nodes = number('nodes', options.nodes ?? '6', 1, mostNodes);
  const request = {
    version,
    nodes,
    port: number('port', options.port ?? '9221', 0, highestPort - nodes),
    keys: number('keys', options.keys ?? '24000', 10, 1_000_000),
    writesPerSecond: number('writes', options.writes ?? '200', 1, 10_000),
  };
  const ending = new AbortController();
  const undo = context.onInterrupt(() => ending.abort());
  try {
    const { stdin: input, stdout: output } = context;
    await entrances.simulate(request, { words, input, output, signal: ending.signal });
    return exitCodes.succeeded;
  } catch (error) {
    const { code, port } = error as { readonly code?: string; readonly port?: number };
    if (code !== 'EADDRINUSE') throw error;
    throw new CliError(
      'port_in_use',
      words.portTaken(port ?? request.port),
      [words.otherPort],
      exitCodes.failed,
    );
  } finally {
    undo();
  }
}

const isSimulated = (text: string): text is SimulatedVersion =>
  (simulatedVersions as readonly string[]).includes(text);

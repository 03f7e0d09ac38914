import type { Entrances, ServeOptions } from '../entrances.ts';
import { UsageError } from '../errors.ts';
import type { ExitCode } from '../exit-codes.ts';

export interface ServeFlags extends Omit<ServeOptions, 'port' | 'configFile'> {
  readonly port?: string;
  readonly config?: string;
}

/** Runs the service in this process. */
export async function serve(entrances: Entrances, flags: ServeFlags): Promise<ExitCode> {
  const { role, host, port, dataDir, logLevel, config } = flags;
  return (await entrances.serve({
    ...(role === undefined ? {} : { role }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: portOf(port) }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(config === undefined ? {} : { configFile: config }),
  })) as ExitCode;
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(({ serve: words }) => words.badPort(text));
}

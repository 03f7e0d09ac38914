import closeWithGrace from 'close-with-grace';
import {
  asksForSignIn,
  type Config,
  ConfigError,
  type ConfigOverrides,
  loadConfig,
} from './platform/config.ts';
import { keepHeapSmall } from './platform/heap.ts';
import { createLog, type Log } from './platform/log.ts';
import { outliveOutOfFiles } from './platform/open-files.ts';
import { hideSecrets } from './platform/secrets.ts';
import { openService, type Service } from './service.ts';
import { StoreUnavailableError } from './store/store.ts';

/** SIGTERM must end the process within 10 s; the rest is for the exit itself. */
const closeWithinMs = 9000;

/**
 * Runs the service until SIGTERM or SIGINT, which end the process with 0 once the work is handed over. Resolves only
 * when it could not start: one line on stderr for each problem, and 1 for the exit code.
 */
export async function serve(overrides: ConfigOverrides = {}): Promise<number> {
  keepHeapSmall();
  let config: Config;
  try {
    config = loadConfig(process.env, overrides);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) tell(problem);
    return 1;
  }
  const log = createLog({
    level: config.logLevel,
    secrets: config.secrets,
    format: process.stdout.isTTY ? 'pretty' : 'json',
  });

  const told = new AbortController();
  const starting = openService(config, log, told.signal);
  const grace = closeWhenTold(starting, told, log);
  try {
    announce(await starting, config, log);
  } catch (error) {
    // Then it is closing, and ends the process.
    if (told.signal.aborted) return new Promise<never>(() => {});
    grace.uninstall();
    tell(hideSecrets(config.secrets)(startProblem(error, config)));
    log.debug({ err: error }, 'the service could not start');
    return 1;
  }
  return new Promise<never>(() => {});
}

/**
 * Starts a service inside this process and hands it over; signals are the caller's affair: `signal` breaks the start off. The environment
 * counts only as far as it is given. Throws ConfigError, or what keeps a part from starting.
 */
export async function startService(
  overrides: ConfigOverrides = {},
  env: Readonly<Record<string, string | undefined>> = {},
  signal?: AbortSignal,
): Promise<Service> {
  const config = loadConfig(env, overrides);
  return openService(config, createLog({ level: config.logLevel, secrets: config.secrets }), signal);
}

/** A signal during the start breaks it off and waits for its end: an embedded database that is half up must be stopped as well. */
function closeWhenTold(starting: Promise<Service>, told: AbortController, log: Log): { uninstall(): void } {
  const logger = { error: (message: unknown) => log.error(String(message)) };
  let failure: unknown = null;
  const grace = closeWithGrace({ delay: closeWithinMs, logger, skip: handledHere }, async ({ signal }) => {
    if (failure !== null)
      log.fatal(
        { err: failure },
        'an unexpected error ends the process; what is stored goes on with the next one',
      );
    else log.info(`${signal ?? 'told to stop'}: handing over the work`);
    told.abort();
    const service = await starting.catch(() => null);
    await service?.close();
    log.info('stopped');
    if (failure !== null) process.exit(1);
  });
  const stopWatching = outliveOutOfFiles(log, Date.now, (error) => {
    // A second one while it closes leaves nothing to hope for.
    if (failure !== null) process.exit(1);
    failure = error;
    grace.close();
  });
  return {
    uninstall() {
      grace.uninstall();
      stopWatching();
    },
  };
}

const handledHere: closeWithGrace.AllEvents[] = ['beforeExit', 'uncaughtException', 'unhandledRejection'];

function announce(service: Service, config: Config, log: Log): void {
  const what = config.role === 'worker' ? 'worker; probes and figures' : 'API and dashboard';
  log.info(`pika-expander (${config.role}) is running; ${what} at ${service.url}`);
  if (asksForSignIn(config.tokens) || config.role === 'worker') return;
  log.info(
    'no token is configured, so only this machine can connect; to open it to others set PIKA_EXPANDER_OPERATOR_TOKEN and PIKA_EXPANDER_HOST (see docs/settings.md)',
  );
}

interface Explained extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly nextSteps?: readonly string[];
}

/** Why a service could not start: one line, what is wrong and what to do. Secrets may still be in it. */
export function startProblem(error: unknown, config: Config): string {
  const { message, code, syscall, nextSteps } = error as Explained;
  const { host, port } = config.listen;
  if (code === 'EADDRINUSE') {
    return `port ${port} on ${host} is in use. Stop what listens there, or choose another port: --port or PIKA_EXPANDER_PORT.`;
  }
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    return `${host}:${port} cannot be listened on (${code}). Choose another address: --host, --port, or PIKA_EXPANDER_HOST and PIKA_EXPANDER_PORT.`;
  }
  if (error instanceof StoreUnavailableError) {
    return `${oneLine(message)}. Start the database or repair it, or correct DATABASE_URL.`;
  }
  if (nextSteps !== undefined) return `${oneLine(message).replace(/\.?$/, '.')} ${nextSteps.join(' ')}`;
  return `${oneLine(message ?? String(error))}. This was not foreseen; LOG_LEVEL=debug shows where it comes from.`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

function tell(problem: string): void {
  process.stderr.write(`pika-expander cannot start: ${oneLine(problem)}\n`);
}

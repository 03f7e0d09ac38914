import { join } from 'node:path';
import type { AgentRequest, KnownAs } from '../../agent/index.ts';
import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type GlobalOptions, readText, resolveSettings } from '../settings.ts';
import { parseMaster, partsOf } from '../targets.ts';

export interface AgentOptions {
  readonly service?: string;
  readonly conf?: readonly string[];
  readonly as?: readonly string[];
  readonly state?: string;
  readonly print?: boolean;
}

/** What the file of an agent may hold; flags win over it. */
interface AgentFile {
  readonly service?: string;
  readonly tokenFile?: string;
  readonly conf?: readonly string[];
  readonly as?: readonly string[];
  readonly state?: string;
}

/** Runs the agent until Ctrl-C or SIGTERM; with --print it prints one report and ends. */
export async function agent(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions & AgentOptions,
  version: string,
): Promise<ExitCode> {
  if (options.token !== undefined)
    throw new UsageError(({ agent: each }) => each.noTokenFlag, [({ agent: each }) => each.tokenOtherwise]);
  const file = options.config === undefined ? {} : readAgentFile(options.config, context);
  const { config: _ofTheAgent, ...flags } = options;
  const service = options.service ?? options.url ?? context.env.PIKA_EXPANDER_URL ?? file.service;
  const tokenFile = options.tokenFile ?? (context.env.PIKA_EXPANDER_TOKEN ? undefined : file.tokenFile);
  const settings = resolveSettings(
    { ...flags, ...(service ? { url: service } : {}), ...(tokenFile ? { tokenFile } : {}) },
    context,
  );
  if (settings.token === null && !options.print)
    throw new UsageError(({ agent: each }) => each.noToken, [({ agent: each }) => each.giveToken]);
  const ending = new AbortController();
  const request: AgentRequest = {
    service: settings.url,
    token: settings.token ?? '',
    confs: options.conf ?? file.conf ?? [],
    knownAs: (options.as ?? file.as ?? []).map(knownAs),
    stateFile: options.print ? null : (options.state ?? file.state ?? stateFileOf(context)),
    version,
    signal: ending.signal,
    say: (line) => context.stderr.write(`${line}\n`),
  };
  const undo = context.onInterrupt(() => ending.abort());
  try {
    if (options.print) context.stdout.write(`${await entrances.agentReport(request)}\n`);
    else await entrances.agent(request);
    return exitCodes.succeeded;
  } finally {
    undo();
  }
}

/** systemd names a folder for it (StateDirectory). */
function stateFileOf({ env, homeDirectory }: CliContext): string {
  const base = env.XDG_STATE_HOME || join(homeDirectory, '.local', 'state');
  return env.STATE_DIRECTORY
    ? join(env.STATE_DIRECTORY, 'agent.json')
    : join(base, 'pika-expander-agent.json');
}

function knownAs(text: string): KnownAs {
  const [, own, address] = /^(?:(\d+)=)?(.*)$/.exec(text) ?? [];
  const { address: known, ...more } = parseMaster(address ?? '');
  if (Object.keys(more).length > 0)
    throw new UsageError(({ agent: each }) => each.badAs(text), [({ agent: each }) => each.asForm]);
  const parts = partsOf(known);
  return { port: own === undefined ? parts.port : Number(own), address: parts };
}

function readAgentFile(path: string, context: CliContext): AgentFile {
  const example = ({ agent: each }: CommandLineWords): string => each.example;
  let value: unknown;
  try {
    value = JSON.parse(readText(path, 'agent', context));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new UsageError(({ agent: each }) => each.notJson(path, (error as Error).message), [example]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(({ agent: each }) => each.notAnObject(path), [example]);
  for (const [key, entry] of Object.entries(value)) {
    const isList = key === 'conf' || key === 'as';
    if (!isList && !['service', 'tokenFile', 'state'].includes(key))
      throw new UsageError(({ agent: each }) => each.unknownKey(path, key), [example]);
    const texts = isList && Array.isArray(entry) ? entry : [isList ? null : entry];
    if (!texts.every((text) => typeof text === 'string' && text !== ''))
      throw new UsageError(({ agent: each }) => each.notTexts(path, key, isList), [example]);
  }
  return value as AgentFile;
}

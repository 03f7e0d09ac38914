import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connectorSays } from '../model/connector-texts.ts';
import { type HookStep, hookSteps } from '../model/hook-steps.ts';
import type { HookQuestion, Hooks } from '../model/hooks.ts';
import { because, inOne, type Reason } from '../model/reasons.ts';
import { Refusal } from '../model/refusal.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { Said } from '../model/text.ts';
import type { WayOut } from '../net/outgoing.ts';
import { whyNoAnswer } from '../net/send.ts';
import type { ConnectorConfig } from '../platform/connectors.ts';
import { hideInReplies } from '../platform/secrets.ts';
import { namesServer } from '../platform/server-rules.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import { codisConnector, xauthOf } from './codis.ts';
import type { Connector, ConnectorParts } from './connector.ts';
import { fileConnector } from './file.ts';
import { httpConnector } from './http.ts';
import { sentinelConnector } from './sentinel.ts';

export interface ConnectorsParts {
  readonly wayOut: WayOut;
  readonly secrets: readonly string[];
  now(): number;
  /** Keeps that a node is being taken out, so that no probe finds it ready any more. */
  withdraw?(question: HookQuestion, node: NodeTarget): Promise<void>;
  /** Default: the system's. */
  readonly resolve?: ConnectorParts['resolve'];
  /** For one connector and one node. Default: 20 s. */
  readonly timeoutMs?: number;
}

/** A connector that holds is not asked again sooner. */
const askAgainMs = 5000;
/** More answers than this are not remembered; who is forgotten is asked again. */
const remembered = 1000;

interface Answer {
  readonly reason: Promise<Reason | null>;
  /** When it no longer counts; null = it has not come yet, or the connector has done its work. */
  until: number | null;
}

/**
 * The connectors of each master, asked side by side. A step goes on when each has done its work. A connector finds out what is done already, so it can be asked
 * again by any process; while others still hold the step, who is done is not asked again.
 */
export function createConnectors(configs: readonly ConnectorConfig[], parts: ConnectorsParts): Hooks {
  const { now, timeoutMs = 20_000 } = parts;
  const tokens = configs.flatMap((config) => (config.kind === 'codis' ? [xauthOf(config.product)] : []));
  const own: ConnectorParts = {
    wayOut: parts.wayOut,
    resolve: parts.resolve ?? resolveName,
    hide: hideInReplies([...parts.secrets, ...tokens]),
  };
  const connectors: readonly Asked[] = [
    ...configs.map((config) => ({ config, ask: connectorOf(config, own) })),
    { config: { name: 'readiness', masters: null }, ask: readiness(parts) },
  ];
  const answers = new Map<string, Answer>();

  async function askOne(
    config: Asked['config'],
    ask: Connector,
    question: HookQuestion,
  ): Promise<Reason | null> {
    const reasons: Reason[] = [];
    // One after the other: what they change is often one thing, such as a group.
    for (const node of question.nodes) {
      const said = await withTimeLimit(timeoutMs, null, (signal) =>
        Promise.race([ask(question, node, signal), aborted(signal)]),
      ).catch((error: unknown) => [whyItFailed(error, timeoutMs)]);
      const facts = { connector: config.name, node: node.name, said, askedAgainSeconds: askAgainMs / 1000 };
      if (said.length > 0) reasons.push(because('held_by_connector', facts));
    }
    return inOne(reasons);
  }

  function once(
    key: string,
    config: Asked['config'],
    ask: Connector,
    question: HookQuestion,
  ): Promise<Reason | null> {
    const known = answers.get(key);
    if (known !== undefined && (known.until === null || known.until > now())) return known.reason;
    if (answers.size >= remembered) answers.clear();
    const answer: Answer = { reason: askOne(config, ask, question), until: null };
    answers.set(key, answer);
    void answer.reason.then((reason) => {
      if (reason !== null) answer.until = now() + askAgainMs;
    });
    return answer.reason;
  }

  const ask: Hooks['ask'] = async (question) => {
    const { address, seenAs } = question.master;
    const asked = connectors.filter(
      ({ config: { masters } }) =>
        masters === null || namesServer(masters, address) || namesServer(masters, seenAs),
    );
    const keys = asked.map(({ config }) => `${question.step} ${question.id} ${config.name}`);
    const reasons = await Promise.all(
      asked.map(({ config, ask }, at) => once(keys[at]!, config, ask, question)),
    );
    const holding = reasons.filter((reason) => reason !== null);
    // The step goes on. Should it come again, its work is to be done again.
    if (holding.length === 0) for (const key of keys) answers.delete(key);
    return inOne(holding);
  };
  const steps = new Set(configs.flatMap(stepsOf));
  return { ask, steps: async () => steps };
}

/** The steps at which a connector has something to do. */
function stepsOf(config: ConnectorConfig): readonly HookStep[] {
  switch (config.kind) {
    case 'sentinel':
      return ['after_verified', 'after_detach'];
    case 'http':
      return hookSteps.filter((step) => step in config.steps);
    case 'codis':
    case 'file':
      return hookSteps.filter((step) => step !== 'before_batch');
  }
}

interface Asked {
  readonly config: Pick<ConnectorConfig, 'name' | 'masters'>;
  readonly ask: Connector;
}

/** Probes ask of every node, so this one needs no configuration. */
const readiness =
  ({ withdraw }: ConnectorsParts): Connector =>
  async (question, node) => {
    if (question.step === 'before_detach') await withdraw?.(question, node);
    return [];
  };

function connectorOf(config: ConnectorConfig, parts: ConnectorParts): Connector {
  switch (config.kind) {
    case 'sentinel':
      return sentinelConnector(config, parts);
    case 'codis':
      return codisConnector(config, parts);
    case 'http':
      return httpConnector(config, parts);
    case 'file':
      return fileConnector(config);
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

function whyItFailed(error: unknown, timeoutMs: number): Said {
  if (error instanceof Refusal) return connectorSays('connection_failed', { detail: error.message });
  return whyNoAnswer(error as NodeJS.ErrnoException, timeoutMs);
}

/** IP addresses of a name; none = it cannot be resolved. */
export async function resolveName(name: string): Promise<readonly string[]> {
  if (isIP(name) > 0) return [];
  return lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}

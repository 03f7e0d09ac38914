import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { withTimeLimit } from '../../src/platform/time-limit.ts';
import { expansionQueueName, makeExpansionJob } from '../../src/queue/producer.ts';

/** A request that was turned down for good. */
export class RefusedError extends Error {}

interface SummaryJoin {
  readonly target: { readonly name: string };
  readonly phase: string;
  readonly phaseSince: number;
}

/** What of an expansion is read here. */
export interface Told {
  readonly id: string;
  readonly label: string | null;
  readonly state: string;
  readonly stateReason: { readonly text: string } | null;
  readonly endedAt: number | null;
  readonly joins: readonly SummaryJoin[];
}

export interface ClientOptions {
  readonly url: string;
  /** Aborts everything that is still being tried. */
  readonly signal: AbortSignal;
  /** Every answer's text, for whoever looks for secrets. */
  readonly onText: (where: string, text: string) => void;
}

/**
 * A client as docs/api.md describes one: what gets no answer, or 429 or 5xx, is sent again under the same idempotency key.
 */
export interface Client {
  /** The id of the expansion. Throws RefusedError. */
  expand(body: object, key: string): Promise<string>;
  /** All that have not ended. */
  open(): Promise<readonly Told[]>;
  /** All there are, or those that have this text in label, master or nodes. */
  all(search?: string): Promise<readonly Told[]>;
  get(path: string): Promise<string>;
  steer(id: string, node: string, verb: 'retry' | 'skip'): Promise<void>;
  /** Requests sent, those sent again included. */
  readonly sent: number;
  readonly sentAgain: number;
}

const answerWithinMs = 15_000;
const againAfterMs = 700;
const openStates = 'pending,running,paused,awaiting_approval,halted';

export function createClient(options: ClientOptions): Client {
  let sent = 0;
  let sentAgain = 0;

  async function request(method: string, path: string, body?: object, key?: string): Promise<string> {
    for (let tries = 0; ; tries += 1) {
      if (options.signal.aborted) throw new Error('the run has ended');
      if (tries > 0) await delay(againAfterMs);
      sent += 1;
      if (tries > 0) sentAgain += 1;
      const answer = await attempt(method, path, body, key);
      if (answer === null || answer.status === 429 || answer.status >= 500) continue;
      options.onText(`the answer to ${method} ${path}`, answer.text);
      if (answer.status < 300) return answer.text;
      throw new RefusedError(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 600)}`);
    }
  }

  /** null = no answer came. */
  async function attempt(method: string, path: string, body?: object, key?: string) {
    try {
      return await withTimeLimit(answerWithinMs, options.signal, async (signal) => {
        const response = await fetch(options.url + path, {
          method,
          headers: {
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(key === undefined ? {} : { 'idempotency-key': key }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal,
        });
        return { status: response.status, text: await response.text() };
      });
    } catch {
      return null;
    }
  }

  async function list(query: string): Promise<readonly Told[]> {
    const found: Told[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = JSON.parse(await request('GET', `/v1/expansions?limit=50${query}${more}`)) as {
        readonly items: readonly Told[];
        readonly nextCursor: string | null;
      };
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    return found;
  }

  return {
    async expand(body, key) {
      return (JSON.parse(await request('POST', '/v1/expansions', body, key)) as { readonly id: string }).id;
    },
    open: () => list(`&state=${openStates}`),
    all: (search) => list(search === undefined ? '' : `&search=${encodeURIComponent(search)}`),
    get: (path) => request('GET', path),
    async steer(id, node, verb) {
      const path = `/v1/expansions/${id}/nodes/${encodeURIComponent(node)}/${verb}`;
      await request('POST', path, { reason: 'the operator of the chaos run saw it halted' });
    },
    get sent() {
      return sent;
    },
    get sentAgain() {
      return sentAgain;
    },
  };
}

/** Asks by jobs, as docs/queue.md describes it. */
export interface Producer {
  /** Puts the job on the queue unless it is there; to be repeated until the expansion shows. */
  add(body: object, key: string): Promise<void>;
  close(): Promise<void>;
}

export function createProducer(redisPort: number): Producer {
  const connection = { host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: 1 };
  const queue = new Queue(expansionQueueName, { connection });
  queue.on('error', () => undefined);
  return {
    async add(body, key) {
      const { name, data, opts } = makeExpansionJob(body, key);
      await queue.add(name, data, opts);
    },
    // With Redis away there is nobody to say goodbye to.
    close: () => Promise.race([queue.close().catch(() => undefined), delay(3000, undefined, { ref: false })]),
  };
}

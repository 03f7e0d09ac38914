import type { Finding } from '../../model/finding.ts';
import { retryAfterMs } from '../../model/retry-after.ts';
import { toolHeader } from '../../model/text.ts';
import type { ErrorBody } from '../../model/views/error.ts';
import { noteServerDate } from './server-clock.ts';

/** What the service answered instead of what was asked for, or that it did not answer at all. */
export class ApiError extends Error {
  /** HTTP status; 0 = no answer. */
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly findings: readonly Finding[];
  readonly nextSteps: readonly string[];
  /** The place of the runbook that says more. */
  readonly help: string | null;
  readonly requestId: string | null;
  /** How long the service wants not to be asked this again; 0 = it does not say. */
  readonly retryAfterMs: number;

  constructor(status: number, body: ErrorBody, againInMs = 0) {
    super(body.message);
    this.status = status;
    this.retryAfterMs = againInMs;
    this.code = body.code;
    this.field = body.field ?? null;
    this.findings = body.findings ?? [];
    this.nextSteps = body.next_steps ?? [];
    this.help = body.help ?? null;
    this.requestId = body.requestId ?? null;
  }
}

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const unauthorizedListeners = new Set<() => void>();

/** Calls `listener` whenever the service says that nobody is signed in. Returns how to stop that. */
export function onUnauthorized(listener: () => void): () => void {
  unauthorizedListeners.add(listener);
  return () => unauthorizedListeners.delete(listener);
}

/**
 * One call to the service. Resolves with the parsed JSON (undefined for an empty answer); rejects with ApiError,
 * also when nothing answered (status 0, code `no_answer`).
 */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  if (response.status === 401) for (const listener of unauthorizedListeners) listener();
  throw refusalOf(response, text);
}

/** The error that an answer other than 2xx stands for. */
export function refusalOf({ status, headers }: Response, text: string): ApiError {
  return new ApiError(status, errorBody(status, text), retryAfterMs(headers.get('retry-after'), Date.now()));
}

/** Has the service speak the language of the page, and name buttons rather than routes. */
export const forThisPage = (): Readonly<Record<string, string>> => ({
  'accept-language': document.documentElement.lang,
  [toolHeader]: 'dashboard',
});

async function send(path: string, options: CallOptions): Promise<Response> {
  try {
    const response = await fetch(path, {
      method: options.method ?? 'GET',
      credentials: 'same-origin',
      headers: {
        ...forThisPage(),
        accept: 'application/json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    noteServerDate(response.headers.get('date'), Date.now());
    return response;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, { code: 'no_answer', message: String(cause) });
  }
}

function errorBody(status: number, text: string): ErrorBody {
  try {
    const parsed = JSON.parse(text) as { error?: ErrorBody };
    if (parsed.error !== undefined) return parsed.error;
  } catch {
    // Not the service's own error: a proxy's page, for example.
  }
  return { code: `http_${status}`, message: text.slice(0, 300) || `HTTP ${status}` };
}

/** `/v1/expansions/…` with the id and the node's name made safe for a path. */
export const expansionPath = (id: string): string => `/v1/expansions/${encodeURIComponent(id)}`;
export const nodePath = (id: string, node: string): string =>
  `${expansionPath(id)}/nodes/${encodeURIComponent(node)}`;

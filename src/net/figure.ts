import { get as httpGet, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';
import { withTimeLimit } from '../platform/time-limit.ts';
import { beginningOf, guardedLookup } from './send.ts';
import { parseWebhookUrl } from './url.ts';

/** The number in an answer: plain text, or JSON `{"value": number}`; null = there is none. */
export function figureIn(text: string): number | null {
  const plain = text.trim();
  if (/^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(plain)) return Number(plain);
  try {
    const { value } = JSON.parse(plain) as { readonly value?: unknown };
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Makes the function that reads an operator's figure of health by GET. It follows no redirect, reads at most a
 * kilobyte, refuses link-local addresses, and never rejects. null = no number came within the limit.
 */
export function createFigureReader(timeoutMs: number): (url: string) => Promise<number | null> {
  return async (text) => {
    try {
      return await withTimeLimit(timeoutMs, null, (limited) => read(text, limited));
    } catch {
      return null;
    }
  };
}

async function read(url: string, signal: AbortSignal): Promise<number | null> {
  const response = await ask(parseWebhookUrl(url), signal);
  try {
    return response.statusCode === 200 ? figureIn(await beginningOf(response, signal)) : null;
  } finally {
    response.destroy();
  }
}

function ask(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions = { signal, agent: false, lookup: guardedLookup };
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    get(url, options, resolve).on('error', reject);
  });
}

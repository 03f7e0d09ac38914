import { lookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TcpNetConnectOpts } from 'node:net';
import { withoutControls } from '../model/text.ts';
import { isForbiddenIp } from '../platform/forbidden-ip.ts';
import { judgedLookup, type Network } from '../platform/network.ts';
import { mayBeAsked, parseOutgoingUrl } from './url.ts';

/** Where requests of the service may go, over what network. */
export interface WayOut {
  /** Servers with private addresses that may be asked (`PIKA_EXPANDER_OUTGOING`); the open internet may always be. */
  readonly allowed: readonly string[];
  /** Default: the network of this machine. */
  readonly network?: Network;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string;
  /** How much of the answer's body is read. Default: 1,000 bytes. */
  readonly mostAnswerBytes?: number;
}

export interface OutgoingAnswer {
  readonly status: number;
  /** The type of its body; null = it does not say. */
  readonly type: string | null;
  /** For how long it wants no further request; null = it does not say. */
  readonly retryAfterMs: number | null;
  /** The beginning of the body, without control characters. */
  readonly text: string;
}

const usualAnswerBytes = 1000;

/**
 * The one way by which the service sends requests over HTTP. It follows no redirect, reads only the beginning of an answer,
 * and judges the address of each connection after the name was resolved. Throws Refusal for a wrong address, and
 * ForbiddenAddress where the name leads to an address that is not allowed.
 */
export async function askOutside(
  wayOut: WayOut,
  { method, url: text, headers = {}, body = '', mostAnswerBytes = usualAnswerBytes }: OutgoingRequest,
  signal: AbortSignal,
): Promise<OutgoingAnswer> {
  const url = parseOutgoingUrl(text, wayOut.allowed);
  const { network, allowed } = wayOut;
  const options: RequestOptions = {
    method,
    headers,
    signal,
    lookup: judgedLookup(
      network ?? { resolve: lookup },
      (ip) => mayBeAsked(url, ip, allowed),
      (name, ips) => new ForbiddenAddress(name, ips),
    ),
    ...(network === undefined
      ? { agent: false }
      : { createConnection: (to) => network.connect(to as TcpNetConnectOpts) }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
  try {
    const text = await beginningOf(response, mostAnswerBytes, signal);
    const { 'content-type': type = null, 'retry-after': retryAfter } = response.headers;
    const retryAfterMs = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : null;
    return { status: response.statusCode ?? 0, type, retryAfterMs, text };
  } finally {
    response.destroy();
  }
}

/** As much of an answer's body as is ever shown. */
async function beginningOf(
  response: IncomingMessage,
  mostBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      pieces.push(chunk);
      bytes += chunk.length;
      if (bytes >= mostBytes) break;
    }
  } catch (error) {
    // The status is the answer; a body that never ends only delays what is shown of it.
    if (!signal.aborted) throw error;
  }
  return withoutControls(Buffer.concat(pieces).subarray(0, mostBytes).toString('utf8'));
}

export class ForbiddenAddress extends Error {
  readonly host: string;
  readonly addresses: readonly string[];
  /** Whether no setting opens the way. */
  readonly never: boolean;

  constructor(host: string, addresses: readonly string[]) {
    super(`${host} leads to no address that may be asked`);
    this.host = host;
    this.addresses = addresses;
    this.never = addresses.every(isForbiddenIp);
  }
}

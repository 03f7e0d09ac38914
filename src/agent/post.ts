import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Posted {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** No answer that means something is longer. */
const longestAnswer = 1024 * 1024;

/**
 * Sends JSON and resolves with the answer, whatever it says; follows no redirect. Rejects when there is none, and when
 * the signal comes. Not by fetch: that alone takes 13 MB of memory. Further certificates are those of NODE_EXTRA_CA_CERTS.
 */
export function postJson(
  url: URL,
  token: string,
  json: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Posted> {
  const body = Buffer.from(json);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': body.length,
        accept: 'application/json',
        'accept-language': 'en',
      },
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    request.once('error', fail);
    request.once('response', (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > longestAnswer) request.destroy(new Error('an answer of more than 1 MB'));
        else pieces.push(piece);
      });
      response.once('error', fail);
      response.once('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'] ?? null,
          body: Buffer.concat(pieces).toString('utf8'),
        });
      });
    });
    request.end(body);
  });
}

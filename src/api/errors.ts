import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { printable } from '../admission/validate.ts';
import { Refusal, refuse } from '../model/refusal.ts';
import { refusals, refusedFinding } from '../model/refusals.ts';
import { runbookOf } from '../model/runbook/link.ts';
import { nobody, type Reader } from '../model/text.ts';
import type { ErrorAnswer } from '../model/views/error.ts';
import { NotFoundError, StoreUnavailableError } from '../store/store.ts';
import { reader } from './reader.ts';
import { refusalPage } from './refusal-page.ts';

/** What Fastify itself refuses, by its code. */
const ofFramework: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: refuse('body_too_large', {}),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: refuse('unsupported_media_type', {}),
  FST_ERR_CTP_EMPTY_JSON_BODY: refuse('broken_json', { empty: true }),
  FST_ERR_CTP_INVALID_JSON_BODY: refuse('broken_json', { empty: false }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: refuse('bad_content_length', {}),
  FST_ERR_BAD_URL: refuse('bad_url', {}),
};

interface Answer {
  readonly refusal: Refusal;
  /** Where they are not those of the refusal: what the framework says, and no row of the table knows. */
  readonly status?: number;
  readonly code?: string;
}

function answerTo(error: Error & Partial<FastifyError>, requestId: string): Answer {
  if (error instanceof Refusal) return { refusal: error };
  if (error instanceof StoreUnavailableError)
    return { refusal: refuse('database_unavailable', { diskFull: error.diskFull }) };
  if (error instanceof NotFoundError)
    return { refusal: refuse('not_found', { what: error.what, id: error.id }) };
  const known = ofFramework[error.code ?? ''];
  if (known !== undefined) return { refusal: known };
  const status = error.statusCode ?? 500;
  if (error instanceof SyntaxError && status === 400)
    return { refusal: refuse('broken_json', { empty: false }) };
  return status < 500
    ? {
        refusal: refuse('http_error', { status, met: printable(error.message, 300) }),
        status,
        code: `http_${status}`,
      }
    : { refusal: refuse('internal_error', { inLog: `requestId ${requestId}` }) };
}

function bodyOf({ refusal, code = refusal.code }: Answer, forWhom: Reader, requestId: string): ErrorAnswer {
  const { message, nextSteps } = refusal.read(forWhom);
  const { field, findings } = refusal;
  const help = runbookOf(findings?.find(({ severity }) => severity === 'error')?.code ?? code);
  return {
    error: {
      code,
      message,
      ...(field === null ? {} : { field }),
      ...(findings === null ? {} : { findings: findings.map((finding) => refusedFinding(finding, forWhom)) }),
      next_steps: nextSteps,
      ...(help === null ? {} : { help }),
      requestId,
    },
  };
}

/** What an answer says to programs beside its status. */
function headersOf({ code, facts }: Refusal): Readonly<Record<string, string>> {
  switch (code) {
    case 'not_signed_in':
    case 'bad_token':
      return { 'www-authenticate': 'Bearer realm="pika-expander"' };
    case 'method_not_allowed':
      return { allow: (facts.allowed as readonly string[]).join(', ') };
    case 'too_many_streams':
      return { 'retry-after': '10' };
    default:
      return refusals[code].status === 503 ? { 'retry-after': '5' } : {};
  }
}

/**
 * Answers every error in the same shape. Only an error that nobody foresaw goes to the log as an error, with its stack.
 */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = answerTo(error, request.id);
  const { refusal, status = refusal.status } = answer;
  if (status === 500) request.log.error({ err: error }, 'a request failed unexpectedly');
  else request.log.debug({ code: refusal.code, field: refusal.field }, refusal.message);
  request.refusal = answer.code ?? refusal.code;
  const forWhom = reader(request);
  reply.code(status).headers(headersOf(refusal));
  if (request.routeOptions.config?.page === true && request.headers.accept?.includes('text/html'))
    return reply.type('text/html; charset=utf-8').send(refusalPage(refusal, forWhom));
  return reply.type('application/json; charset=utf-8').send(bodyOf(answer, forWhom, request.id));
}

/** Answers what is not even HTTP, on the bare socket. */
export function answerBrokenHttp(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const body = JSON.stringify(bodyOf({ refusal: refuse('bad_http', {}) }, nobody, 'none'));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

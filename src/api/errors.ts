import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { mostTelling, printable, type SchemaError } from '../admission/validate.ts';
import type { Finding } from '../model/finding.ts';
import { Refusal, type RefusalKind } from '../model/refusal.ts';
import { NotFoundError, StoreUnavailableError } from '../store/store.ts';

/** What an error answer says; `next_steps` keeps its name in the JSON. */
interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly field?: string;
    readonly findings?: readonly Finding[];
    readonly next_steps: readonly string[];
    readonly requestId: string;
  };
}

/** An error that belongs to HTTP alone; what belongs to the product is a Refusal. */
export class HttpProblem extends Error {
  readonly statusCode: number;
  readonly code: string;
  readonly nextSteps: readonly string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    statusCode: number,
    code: string,
    message: string,
    nextSteps: readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'HttpProblem';
    this.statusCode = statusCode;
    this.code = code;
    this.nextSteps = nextSteps;
    this.headers = headers;
  }
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly nextSteps: readonly string[];
  readonly field?: string | null;
  readonly findings?: readonly Finding[] | null;
  readonly headers?: Readonly<Record<string, string>>;
}

const statusOf: Readonly<Record<RefusalKind, number>> = {
  invalid: 400,
  refused: 422,
  conflict: 409,
  not_found: 404,
  unavailable: 503,
};

const docsStep = 'See /docs for what is expected.';

/** What Fastify itself refuses, by its code. */
const frameworkAnswers: Readonly<Record<string, Omit<Answer, 'field'>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'body_too_large',
    message: 'The body of the request is too large.',
    nextSteps: ['Send less; split the nodes over several expansions.'],
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'unsupported_media_type',
    message: 'The body must be JSON.',
    nextSteps: ['Send JSON with the header Content-Type: application/json.'],
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'broken_json',
    message: 'The body is empty, though its type is JSON.',
    nextSteps: ['Send a JSON object.', docsStep],
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    status: 400,
    code: 'broken_json',
    message: 'The body is not valid JSON.',
    nextSteps: ['Correct the JSON and send the request again.'],
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'bad_content_length',
    message: 'The length of the body is not the one that the header Content-Length gives.',
    nextSteps: ['Send the request again; if it happens again, look at the proxies in between.'],
  },
  FST_ERR_BAD_URL: {
    status: 400,
    code: 'bad_url',
    message: 'The address of the request is not a valid URL.',
    nextSteps: ['Percent-encode special characters in the path.'],
  },
};

function answerTo(error: Error & Partial<FastifyError>, requestId: string): Answer {
  if (error instanceof Refusal) return { ...error, message: error.message, status: statusOf[error.kind] };
  if (error instanceof HttpProblem) return { ...error, message: error.message, status: error.statusCode };
  if (error instanceof StoreUnavailableError) return error.diskFull ? databaseFull : databaseAway;
  if (error instanceof NotFoundError) {
    return { status: 404, code: 'not_found', message: error.message, nextSteps: ['Check the id.'] };
  }
  const known = frameworkAnswers[error.code ?? ''];
  if (known !== undefined) return known;
  if (error instanceof SyntaxError && error.statusCode === 400) {
    return frameworkAnswers.FST_ERR_CTP_INVALID_JSON_BODY!;
  }
  const status = error.statusCode ?? 500;
  if (status < 500) {
    return {
      status,
      code: `http_${status}`,
      message: printable(error.message, 300),
      nextSteps: [docsStep],
    };
  }
  return {
    status: 500,
    code: 'internal_error',
    message: 'The service failed at this request. What failed is in its log.',
    nextSteps: [
      `Look for requestId ${requestId} in the log of the service.`,
      'A request with an Idempotency-Key can be sent again safely.',
    ],
  };
}

const databaseAway: Answer = {
  status: 503,
  code: 'database_unavailable',
  message: 'The database does not answer; whether this request was carried out is not known.',
  nextSteps: [
    'Send the request again in a few seconds; with the same Idempotency-Key it is carried out once.',
    'If it stays so, see /readyz and the log.',
  ],
  headers: { 'retry-after': '5' },
};

const databaseFull: Answer = {
  ...databaseAway,
  message: 'The disk of the database is full, so nothing was stored.',
  nextSteps: [
    'Free space on the disk of the database, then send the request again.',
    'What had been accepted goes on by itself then.',
  ],
};

function bodyOf(answer: Answer, requestId: string): ErrorBody {
  return {
    error: {
      code: answer.code,
      message: answer.message,
      ...(answer.field ? { field: answer.field } : {}),
      ...(answer.findings ? { findings: answer.findings } : {}),
      next_steps: answer.nextSteps,
      requestId,
    },
  };
}

/** Answers every error in the one shape. Only what nobody foresaw is logged as an error, with its stack. */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = answerTo(error, request.id);
  if (answer.status === 500) request.log.error({ err: error }, 'a request failed unexpectedly');
  else request.log.debug({ code: answer.code, field: answer.field }, answer.message);
  return reply
    .code(answer.status)
    .headers(answer.headers ?? {})
    .type('application/json; charset=utf-8')
    .send(bodyOf(answer, request.id));
}

const partNames: Readonly<Record<string, string>> = {
  querystring: 'The query parameter',
  params: 'The path parameter',
  headers: 'The header',
};

/** Turns what validation found into the one error that names the field. */
export function validationProblem(errors: readonly unknown[], part: string): Refusal {
  const { field, text } = mostTelling(errors as readonly SchemaError[]);
  const subject = part === 'body' ? field || 'The body' : `${partNames[part] ?? part} ${field}`;
  return new Refusal('invalid', 'validation_failed', `${subject} ${text}.`, {
    field: field || null,
    nextSteps: ['Correct the field and send the request again.', docsStep],
  });
}

/** Answers what is not even HTTP, on the bare socket. */
export function answerBrokenHttp(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const body = JSON.stringify(
    bodyOf(
      { status, code: 'bad_http', message: 'This is not a valid HTTP request.', nextSteps: [docsStep] },
      'none',
    ),
  );
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

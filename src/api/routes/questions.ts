import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { hasAction } from '../../admission/may-act.ts';
import { patterns } from '../../model/invalid-fields.ts';
import { refuse } from '../../model/refusal.ts';
import { PageOf } from '../../model/views/schema.ts';
import { HookQuestionView } from '../../model/views/webhook.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { StoredQuestion, WebhookStore } from '../../store/webhooks.ts';
import { verifyWebhook } from '../../webhooks/signature.ts';
import type { RoutePlugin } from '../parts.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, strict } from '../schemas.ts';
import { wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

const mostBytes = 4096;
const mostOpen = 200;

const Params = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 80, pattern: patterns.id, description: 'Id of the question.' }),
});

const Answer = Type.Object(
  {
    answer: Type.Enum(['yes', 'no']),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  },
  { ...strict, examples: [{ answer: 'yes' }] },
);

export interface QuestionRouteParts {
  readonly webhooks: Pick<WebhookStore, 'get' | 'question' | 'answerQuestion' | 'openQuestions'>;
  /** The bells of what can wait for an answer. */
  readonly doorbells: Readonly<Record<'expansion' | 'replacement', Pick<Doorbell, 'ring'>>>;
}

/** /v1/questions: what webhooks were asked and answer later, and their answers. */
export function questionRoutes({ webhooks, doorbells }: QuestionRouteParts): RoutePlugin {
  return (plain, { log, now }) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    const bodies = new WeakMap<FastifyRequest['raw'], string>();

    app.get(
      '/v1/questions',
      {
        config: { on: 'owners' },
        schema: {
          operationId: 'listQuestions',
          tags: ['webhooks'],
          summary: 'The questions to webhooks that wait for an answer, the oldest first',
          response: { 200: PageOf(HookQuestionView), ...errorResponses() },
        },
      },
      async () => ({ items: (await webhooks.openQuestions(mostOpen)).map(shown), nextCursor: null }),
    );

    app.post(
      '/v1/questions/:id/answer',
      {
        bodyLimit: mostBytes,
        config: { action: null },
        /** The signature is over the bytes as they came. */
        async preParsing({ raw }, _reply, payload) {
          const chunks: Buffer[] = [];
          let bytes = 0;
          for await (const chunk of payload) {
            chunks.push(chunk as Buffer);
            bytes += (chunk as Buffer).length;
            if (bytes > mostBytes) throw refuse('body_too_large', {});
          }
          const body = Buffer.concat(chunks);
          bodies.set(raw, body.toString());
          return Object.assign(Readable.from([body]), { receivedEncodedLength: bytes });
        },
        schema: {
          operationId: 'answerQuestion',
          tags: ['webhooks'],
          summary: 'Answer a question that a webhook took with 202',
          description:
            'Signed by the webhook with its secret, as the question was (the headers Pika-Expander-Timestamp and Pika-Expander-Signature); or by an operator in its place.',
          params: Params,
          body: Answer,
          response: { 204: Type.Null(), ...errorResponses(400, 404, 409, 413, 415) },
        },
      },
      async (request, reply) => {
        const question = await webhooks.question(request.params.id);
        const by = await answererOf(request, question);
        if (request.caller === null)
          trace(request, { who: { name: by, role: null }, by: { kind: 'signature', id: null } });
        if (question === null) throw refuse('no_such_question', { id: request.params.id });
        const { answer, reason = null } = request.body;
        const taken = await webhooks.answerQuestion(question.id, { answer, reason, by, at: now() });
        if (!taken) throw refuse('question_answered', { id: question.id });
        trace(request, { before: { state: question.state }, after: { state: answer, answeredBy: by } });
        const { expansionId, replacementId } = question.payload as Record<string, string | null>;
        const what = expansionId === null ? 'replacement' : 'expansion';
        const operation = expansionId ?? replacementId!;
        log.info({ question: question.id, operation, answer, by }, 'a question of a hook was answered');
        await wake(doorbells[what], log, what, operation);
        return reply.code(204).send();
      },
    );

    /** Who answers; whoever may not learns nothing of which questions there are. */
    async function answererOf(request: FastifyRequest, question: StoredQuestion | null): Promise<string> {
      const { caller } = request;
      if (
        caller !== null &&
        hasAction(caller, 'steer') &&
        (question === null || (await app.seenBy(caller)(question)))
      )
        return caller.name;
      const webhook = question && (await webhooks.get(question.webhookId));
      const body = bodies.get(request.raw) ?? '';
      if (webhook && verifyWebhook(webhook.secret, request.headers, body, now() / 1000))
        return `webhook ${webhook.id}`;
      throw refuse('bad_signature', {});
    }
  };
}

/** What was said with an answer is for operators; of a question that waits there is nothing yet. */
const shown = (question: StoredQuestion): HookQuestionView => ({ ...question, reason: null });

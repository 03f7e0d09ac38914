import { Conditions } from './conditions.ts';
import { type Database, onlyRow, type Queryable, type Row, untilDue } from './database.ts';
import { decodeCursor, encodeCursor, ownerOf } from './expansion-rows.ts';
import { storableText, toJson } from './json.ts';
import { tellOf } from './news.ts';
import { NotFoundError } from './store.ts';
import type { Delivery, DeliveryOutcome, StoredQuestion, Webhook, WebhookStore } from './webhooks.ts';

export interface WebhookStoreOptions {
  /** Deliveries kept per webhook once they have ended. */
  readonly deliveriesPerWebhook?: number;
}

type WebhookRow = Webhook & Row;
type DeliveryRow = Delivery & Row;
type QuestionRow = StoredQuestion & Row;

const webhookColumns = `id, kind, url, types, steps, answer_within_ms as "answerWithinMs", secret,
  created_by as "createdBy", created_at as "createdAt"`;
const questionColumns = `id, webhook_id as "webhookId", state, payload, asked_at as "askedAt", times, until,
  answered_at as "answeredAt", answered_by as "answeredBy", reason`;
const ms = (column: string) => `floor(extract(epoch from ${column}) * 1000)::bigint`;
const deliveryColumns = `d.id, d.webhook_id as "webhookId", d.event_seq as "eventSeq", d.type, d.payload, d.state,
  d.attempts, d.created_at as "createdAt", ${ms('d.next_attempt_at')} as "nextAttemptAt",
  ${ms('d.ended_at')} as "endedAt", d.last_status as "lastStatus", d.last_error as "lastError",
  d.last_said as "lastSaid", d.last_took_ms as "lastTookMs"`;

/** One process at a time fans out; the others have nothing to do then. */
const fanOutLock = '1885957729, 2';

/** The WebhookStore on PostgreSQL. */
export function createPostgresWebhooks(database: Database, options: WebhookStoreOptions = {}): WebhookStore {
  const keep = options.deliveriesPerWebhook ?? 1000;

  return {
    async create(webhook) {
      await database.query(
        `insert into webhooks
           (id, kind, url, types, steps, answer_within_ms, secret, created_by, created_at, after_seq, after_entry)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, (select coalesce(max(seq), 0) from events),
           (select coalesce(max(seq), 0) from trail))`,
        [
          webhook.id,
          webhook.kind,
          webhook.url,
          webhook.types,
          webhook.steps,
          webhook.answerWithinMs,
          webhook.secret,
          storableText(webhook.createdBy),
          webhook.createdAt,
        ],
      );
    },

    async get(id) {
      const [row] = await database.query<WebhookRow>(`select ${webhookColumns} from webhooks where id = $1`, [
        id,
      ]);
      return row ?? null;
    },

    async list() {
      return database.query<WebhookRow>(`select ${webhookColumns} from webhooks order by created_at, id`);
    },

    async remove(id) {
      const rows = await database.query('delete from webhooks where id = $1 returning 1', [id]);
      if (rows.length === 0) throw new NotFoundError('webhook', id);
    },

    async fanOut(limit) {
      // Mostly nobody is to be told: then one question is enough.
      const [untold] = await database.query(anyUntold, [], 'untold');
      if (untold === undefined) return 0;
      return database.transaction(async (client) => {
        const locked = await client.query<{ mine: boolean }>(
          `select pg_try_advisory_xact_lock(${fanOutLock}) as mine`,
        );
        if (!onlyRow(locked).mine) return 0;
        const made = (await tell(client, ofEvents, limit)) + (await tell(client, ofEntries, limit));
        if (made > 0) await tellOf(client, 'deliveries');
        return made;
      });
    },

    async takeDue(limit, leaseMs, webhooks = { except: [] }) {
      const [ids, condition] = 'only' in webhooks ? [webhooks.only, '= any'] : [webhooks.except, '<> all'];
      const rows = await database.query<{ delivery: Delivery; webhook: Webhook } & Row>(
        `with taken as (
           update deliveries d
           set attempts = attempts + 1, next_attempt_at = clock_timestamp() + $2 * interval '1 millisecond'
           from (
             select id from deliveries where state = 'pending' and next_attempt_at <= clock_timestamp()
               and webhook_id ${condition} ($3)
             order by next_attempt_at, event_seq limit $1 for update skip locked
           ) as due
           where d.id = due.id
           returning ${deliveryColumns}
         ), known as (select ${webhookColumns} from webhooks)
         select to_jsonb(t) as delivery, to_jsonb(w) as webhook
         from taken t join known w on w.id = t."webhookId"
         order by t."eventSeq"`,
        [limit, leaseMs, ids],
      );
      return rows;
    },

    async dueInMs() {
      return untilDue(
        database,
        `select min(next_attempt_at) as at from deliveries where state = 'pending'`,
        'deliveries_due_in',
      );
    },

    async record(deliveryId, outcome) {
      const rows = await database.query<{ webhook_id: string; ended: boolean }>(
        `update deliveries set
           state = case when $2 then 'delivered' when $7::double precision is null then 'failed' else 'pending' end,
           last_status = $3, last_error = $4, last_said = $5, last_took_ms = $6,
           next_attempt_at = case when not $2 then clock_timestamp() + $7 * interval '1 millisecond' end,
           ended_at = case when $2 or $7 is null then clock_timestamp() end
         where id = $1 returning webhook_id, ended_at is not null as ended`,
        [deliveryId, ...outcomeValues(outcome), outcome.retryInMs],
      );
      const [row] = rows;
      if (row?.ended) await dropOldest(database, row.webhook_id, keep);
    },

    async addAnswered(delivery, outcome) {
      await database.query(
        `insert into deliveries
           (id, webhook_id, type, payload, created_at, attempts, state, last_status, last_error, last_said, last_took_ms, ended_at)
         values ($1, $2, $3, $4, $5, 1, case when $6::boolean then 'delivered' else 'failed' end, $7, $8, $9, $10, clock_timestamp())`,
        [
          delivery.id,
          delivery.webhookId,
          delivery.type,
          toJson(delivery.payload),
          delivery.createdAt,
          ...outcomeValues(outcome),
        ],
      );
      await dropOldest(database, delivery.webhookId, keep);
    },

    async question(id) {
      const [row] = await database.query<QuestionRow>(
        `select ${questionColumns} from questions where id = $1`,
        [id],
      );
      return row ?? null;
    },

    async saveQuestion(question) {
      await database.query(
        `insert into questions
           (id, webhook_id, state, payload, asked_at, times, until, answered_at, answered_by, reason)
         select $1, id, $3, $4, $5, $6, $7, $8, $9, $10 from webhooks where id = $2
         on conflict (id) do update set state = excluded.state, payload = excluded.payload,
           asked_at = excluded.asked_at, times = excluded.times, until = excluded.until,
           answered_at = excluded.answered_at, answered_by = excluded.answered_by, reason = excluded.reason`,
        [
          question.id,
          question.webhookId,
          question.state,
          toJson(question.payload),
          question.askedAt,
          question.times,
          question.until,
          question.answeredAt,
          question.answeredBy === null ? null : storableText(question.answeredBy),
          question.reason === null ? null : storableText(question.reason),
        ],
      );
      await database.query(
        `delete from questions where webhook_id = $1 and state <> 'waiting' and id in (
           select id from questions where webhook_id = $1 order by asked_at desc, id desc offset $2
         )`,
        [question.webhookId, keep],
      );
    },

    async answerQuestion(id, { answer, reason, by, at }) {
      const rows = await database.query(
        `update questions set state = $2, reason = $3, answered_by = $4, answered_at = $5
         where id = $1 and state = 'waiting' returning 1`,
        [id, answer, reason === null ? null : storableText(reason), storableText(by), at],
      );
      return rows.length > 0;
    },

    async openQuestions(limit) {
      return database.query<QuestionRow>(
        `select ${questionColumns} from questions where state = 'waiting' order by asked_at, id limit $1`,
        [limit],
      );
    },

    async deliveries(webhookId, page) {
      const where = new Conditions();
      where.add((p) => `d.webhook_id = ${p}`, webhookId);
      const after = decodeCursor(page.cursor);
      if (after) where.add((p, q) => `(d.created_at, d.id) < (${p}::bigint, ${q}::text)`, after.at, after.id);
      const rows = await database.query<DeliveryRow>(
        `select ${deliveryColumns} from deliveries d ${where.sql}
         order by d.created_at desc, d.id desc limit ${where.value(page.limit + 1)}`,
        where.values,
      );
      const items = rows.slice(0, page.limit);
      const last = rows.length > page.limit ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ at: last.createdAt, id: last.id }) : null };
    },
  };
}

/**
 * Makes deliveries of what has come since the webhooks of one kind were told last, which each keeps in the column `told`. `insert`
 * makes those up to $1.
 */
async function tell(
  client: Queryable,
  {
    kind,
    told,
    of,
    insert,
  }: { readonly kind: string; readonly told: string; readonly of: string; readonly insert: string },
  limit: number,
): Promise<number> {
  const [span] = await client.query<{ to: number | null }>(
    `select (select max(seq) from (select seq from ${of} where seq > w.told order by seq limit $1) as next) as "to"
     from (select min(${told}) as told from webhooks where kind = $2) as w
     where w.told is not null`,
    [limit, kind],
  );
  if (!span || span.to === null) return 0;
  const made = await client.query(insert, [span.to]);
  await client.query(`update webhooks set ${told} = $1 where kind = $2 and ${told} < $1`, [span.to, kind]);
  return made.length;
}

/** Events to webhooks of the kind notify. */
const ofEvents = {
  kind: 'notify',
  told: 'after_seq',
  of: 'events',
  insert: `insert into deliveries (id, webhook_id, event_seq, type, payload, created_at, next_attempt_at)
     select w.id || '-' || e.seq, w.id, e.seq, e.type,
            jsonb_build_object('seq', e.seq, 'expansionId', null, 'type', e.type, 'at', e.at,
              'node', e.node, 'level', e.level, 'text', e.text, 'data', e.data - 'v') || ${ownerOf},
            ${ms('clock_timestamp()')}, clock_timestamp()
     from webhooks w join events e on e.seq > w.after_seq and e.seq <= $1
     where w.kind = 'notify' and (w.types = '{}' or e.type = any (w.types))
     order by e.seq
     on conflict (webhook_id, event_seq) do nothing returning 1`,
} as const;

/** Entries of the trail to webhooks of the kind trail. */
const ofEntries = {
  kind: 'trail',
  told: 'after_entry',
  of: 'trail',
  insert: `insert into deliveries (id, webhook_id, event_seq, type, payload, created_at, next_attempt_at)
     select w.id || '-' || t.seq, w.id, t.seq, 'trail.entry',
            jsonb_build_object('type', 'trail.entry', 'seq', t.seq, 'at', t.at,
              'entry', t.doc || jsonb_build_object('hash', t.hash)),
            ${ms('clock_timestamp()')}, clock_timestamp()
     from webhooks w join trail t on t.seq > w.after_entry and t.seq <= $1
     where w.kind = 'trail'
     order by t.seq
     on conflict (webhook_id, event_seq) do nothing returning 1`,
} as const;

const anyUntold = [ofEvents, ofEntries]
  .map(
    ({ kind, told, of }) =>
      `(select 1 from webhooks where kind = '${kind}' and ${told} < (select max(seq) from ${of}) limit 1)`,
  )
  .join(' union all ');

const outcomeValues = (outcome: DeliveryOutcome) => [
  outcome.delivered,
  outcome.status,
  outcome.error === null ? null : storableText(outcome.error.text),
  outcome.error === null ? null : toJson({ code: outcome.error.code, facts: outcome.error.facts }),
  Math.round(outcome.tookMs),
];

async function dropOldest(database: Database, webhookId: string, keep: number): Promise<void> {
  await database.query(
    `delete from deliveries where webhook_id = $1 and state <> 'pending' and id in (
       select id from deliveries where webhook_id = $1 and state <> 'pending'
       order by created_at desc, id desc offset $2
     )`,
    [webhookId, keep],
  );
}

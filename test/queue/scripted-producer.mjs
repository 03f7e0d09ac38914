// A program of somebody else: it knows BullMQ, the queue's name and the documented payload (docs/queue.md),
// and nothing of pika-expander's code. Prints one JSON line per thing that it learns.
// node scripted-producer.mjs '{"path": "/redis.sock"}' JOB_ID 'PAYLOAD'
// On PostgreSQL: '{"connectionString": "postgresql://…"}'
import { createPostgresBackend, Queue, QueueEvents } from 'bullmq';

const [connection, jobId, payload] = process.argv.slice(2);
const where = JSON.parse(connection);
const backend = where.connectionString ? [createPostgresBackend] : [];
const options = { connection: where.connectionString ? where : { ...where, maxRetriesPerRequest: null } };
const say = (kind, value) => process.stdout.write(`${JSON.stringify({ kind, ...value })}\n`);

const events = new QueueEvents('expansions', options, ...backend);
events.on('progress', ({ jobId: id, data }) => {
  if (id === jobId) say('progress', { data });
});
await events.waitUntilReady();

const queue = new Queue('expansions', options, ...backend);
const job = await queue.add('expansion', JSON.parse(payload), { jobId, attempts: 5 });
say('added', { jobId: job.id });
try {
  say('result', { value: await job.waitUntilFinished(events) });
} catch (error) {
  const failed = await queue.getJob(jobId);
  say('failed', { failure: JSON.parse(error.message), attemptsMade: failed.attemptsMade });
}
await queue.close();
await events.close();

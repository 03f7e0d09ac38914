import type {
  Delivery,
  DeliveryOutcome,
  LateAnswer,
  StoredQuestion,
  Webhook,
  WebhookStore,
  WhichWebhooks,
} from '../../src/store/webhooks.ts';

/** Webhooks in memory, with a clock that a test moves. */
export class MemoryWebhooks implements WebhookStore {
  readonly webhooks: Webhook[] = [];
  readonly rows: Delivery[] = [];
  readonly questions = new Map<string, StoredQuestion>();
  now = 0;
  failures = 0;

  add(webhookId: string, count = 1): void {
    for (let i = 0; i < count; i += 1) {
      this.rows.push({
        id: `${webhookId}-${this.rows.length}`,
        webhookId,
        eventSeq: this.rows.length,
        type: 'expansion.started',
        payload: { seq: this.rows.length },
        state: 'pending',
        attempts: 0,
        createdAt: this.now,
        nextAttemptAt: this.now,
        endedAt: null,
        lastStatus: null,
        lastError: null,
        lastSaid: null,
        lastTookMs: null,
      });
    }
  }

  of(webhookId: string): Delivery[] {
    return this.rows.filter((row) => row.webhookId === webhookId);
  }

  async create(webhook: Webhook): Promise<void> {
    this.webhooks.push(webhook);
  }
  async get(id: string): Promise<Webhook | null> {
    return this.webhooks.find((webhook) => webhook.id === id) ?? null;
  }
  async list(): Promise<readonly Webhook[]> {
    return this.webhooks;
  }
  async remove(id: string): Promise<void> {
    this.webhooks.splice(
      this.webhooks.findIndex((webhook) => webhook.id === id),
      1,
    );
  }
  async fanOut(): Promise<number> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('database away');
    }
    return 0;
  }
  async takeDue(limit: number, leaseMs: number, webhooks: WhichWebhooks = { except: [] }) {
    const wanted = (id: string): boolean =>
      'only' in webhooks ? webhooks.only.includes(id) : !webhooks.except.includes(id);
    const due = this.rows
      .filter((row) => row.state === 'pending' && (row.nextAttemptAt ?? 0) <= this.now)
      .filter((row) => wanted(row.webhookId))
      .slice(0, limit);
    return due.map((row) => {
      const delivery = this.#update(row.id, {
        attempts: row.attempts + 1,
        nextAttemptAt: this.now + leaseMs,
      });
      return { delivery, webhook: this.webhooks.find((webhook) => webhook.id === row.webhookId)! };
    });
  }
  async dueInMs(): Promise<number> {
    const dueAt = this.rows.filter(({ state }) => state === 'pending').map((row) => row.nextAttemptAt ?? 0);
    return Math.max(0, Math.min(...dueAt) - this.now);
  }
  async record(id: string, outcome: DeliveryOutcome): Promise<void> {
    const over = outcome.delivered || outcome.retryInMs === null;
    this.#update(id, {
      state: outcome.delivered ? 'delivered' : over ? 'failed' : 'pending',
      lastStatus: outcome.status,
      lastError: outcome.error?.text ?? null,
      lastSaid: outcome.error,
      nextAttemptAt: over ? null : this.now + (outcome.retryInMs ?? 0),
      endedAt: over ? this.now : null,
    });
  }
  async addAnswered(
    delivery: Pick<Delivery, 'id' | 'webhookId' | 'type' | 'payload' | 'createdAt'>,
    outcome: DeliveryOutcome,
  ): Promise<void> {
    this.add(delivery.webhookId);
    this.#update(this.rows.at(-1)!.id, { ...delivery, eventSeq: null, attempts: 1 });
    await this.record(delivery.id, outcome);
  }
  async question(id: string): Promise<StoredQuestion | null> {
    return this.questions.get(id) ?? null;
  }
  async saveQuestion(question: StoredQuestion): Promise<void> {
    this.questions.set(question.id, question);
  }
  async answerQuestion(id: string, { answer, reason, by, at }: LateAnswer): Promise<boolean> {
    const question = this.questions.get(id);
    if (question?.state !== 'waiting') return false;
    this.questions.set(id, { ...question, state: answer, reason, answeredBy: by, answeredAt: at });
    return true;
  }
  async openQuestions() {
    return [...this.questions.values()].filter(({ state }) => state === 'waiting');
  }
  async deliveries(webhookId: string) {
    return { items: this.of(webhookId), nextCursor: null };
  }

  #update(id: string, changes: Partial<Delivery>): Delivery {
    const index = this.rows.findIndex((row) => row.id === id);
    this.rows[index] = { ...this.rows[index]!, ...changes };
    return this.rows[index];
  }
}

export const webhookOf = (
  id: string,
  url: string,
  kind: Webhook['kind'] = 'notify',
  steps: Webhook['steps'] = ['before_batch'],
): Webhook => ({
  id,
  kind,
  url,
  types: [],
  steps: kind === 'veto' ? steps : [],
  answerWithinMs: kind === 'veto' ? 3_600_000 : null,
  secret: `whsec_${id}`,
  createdBy: 'anna',
  createdAt: 0,
});

/** The queue cannot be used as it is configured. `message` is one line; `nextSteps` say what the operator can do. */
export class QueueSetupError extends Error {
  readonly code: 'redis_unreachable' | 'redis_too_old' | 'redis_evicts_keys' | 'queue_database_unusable';
  readonly nextSteps: readonly string[];
  constructor(code: QueueSetupError['code'], message: string, nextSteps: readonly string[]) {
    super(message);
    this.name = 'QueueSetupError';
    this.code = code;
    this.nextSteps = nextSteps;
  }
}

/** The queue does not answer now. Nothing is lost by it: the reconciler rings again. */
export class QueueUnavailableError extends Error {
  readonly code = 'queue_unavailable';
  readonly nextSteps = ['See that the server which holds the queue (REDIS_URL, else DATABASE_URL) answers.'];
}

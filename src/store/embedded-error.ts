/** The embedded PostgreSQL cannot be used. `message` is one line; `nextSteps` say what the operator can do. */
export class EmbeddedPostgresError extends Error {
  readonly code:
    | 'data_folder_in_use'
    | 'data_folder_unusable'
    | 'embedded_postgres_unsupported'
    | 'embedded_postgres_failed';
  readonly nextSteps: readonly string[];
  constructor(code: EmbeddedPostgresError['code'], message: string, nextSteps: readonly string[]) {
    super(message);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
    this.nextSteps = nextSteps;
  }
}

export const useOtherDatabase = 'Or set DATABASE_URL to a PostgreSQL of your own (14 or newer).';

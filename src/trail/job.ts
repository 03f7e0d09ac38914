import { Refusal } from '../model/refusal.ts';
import type { NewTrailEntry } from '../model/views/trail.ts';
import { clean } from './clean.ts';
import type { Trail } from './writer.ts';

export interface JobTrailParts {
  readonly trail: Trail;
  readonly now: () => number;
  readonly hideSecrets: (text: string) => string;
}

/** Takes a job of the queue, and puts into the trail what came of it. A job that was taken before gets no second entry. */
export async function tracedJob<
  T extends { readonly expansion: { readonly id: string }; readonly replayed: boolean },
>(
  parts: JobTrailParts,
  data: unknown,
  key: string,
  /** Calls `letIn` once it is known who asks, and for what. */
  expand: (letIn: (who: NewTrailEntry['who'], payload: unknown) => void) => Promise<T>,
): Promise<T> {
  const { trail, now, hideSecrets } = parts;
  let who: NewTrailEntry['who'] = { name: 'queue', role: null };
  let payload = data;
  const entry = (object: string | null, code: string | null): NewTrailEntry => ({
    at: now(),
    act: 'job',
    object,
    who,
    by: { kind: 'none', id: null },
    from: { address: null, client: null, via: 'queue', requestId: null },
    outcome: { status: null, code },
    asked: clean({ job: key, payload }, hideSecrets),
    before: null,
    after: null,
    times: 1,
  });
  try {
    const taken = await expand((asker, asked) => {
      who = asker;
      payload = asked;
    });
    if (!taken.replayed) await trail.add(entry(taken.expansion.id, null));
    return taken;
  } catch (error) {
    if (error instanceof Refusal && !error.passes) await trail.add(entry(null, error.code));
    throw error;
  }
}

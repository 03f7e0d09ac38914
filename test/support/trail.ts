import type { NewTrailEntry } from '../../src/model/views/trail.ts';
import { bySelf } from '../../src/trail/writer.ts';

/** An entry of the trail. */
export const aTrailEntry = (changes: Partial<NewTrailEntry> = {}): NewTrailEntry => ({
  ...bySelf,
  at: 1,
  act: 'POST /v1/plans',
  object: null,
  asked: null,
  before: null,
  after: null,
  times: 1,
  ...changes,
});

import { newReplacement, type ReplacementRequest } from '../../src/admission/replacement.ts';
import type { StoredReplacement } from '../../src/model/views/replacement.ts';

const credentials = { get: () => null, names: [] };
export const masterName = '10.0.0.1:9221';
export const oldName = '10.0.0.2:9221';
export const newName = '10.0.0.5:9221';

/** A replacement as it is when it was just accepted: one slave goes for a new one, unless told otherwise. */
export const aReplacement = (
  id: string,
  createdAt: number,
  request: Partial<ReplacementRequest> = {},
): StoredReplacement =>
  newReplacement(
    {
      master: masterName,
      reason: 'new hardware',
      ...(request.takeOut === undefined ? { replace: [{ old: oldName, new: newName }] } : {}),
      ...request,
    },
    { name: 'test', via: 'rest' },
    { id, at: createdAt },
    { credentials, limits: { maxNodes: 100, lookTimeoutMs: 1000 } },
  );

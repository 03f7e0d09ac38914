import { makeAnomaly } from '../../src/model/anomalies.ts';
import type { EvidenceRule } from '../../src/model/evidence.ts';
import type { MasterWork } from '../../src/model/findings/settings.ts';
import { makeFinding } from '../../src/model/findings.ts';

/* Facts that texts of several tables are made from. */

export const aFinding = makeFinding('holds_data', { master: '10.0.0.1:9221', node: '10.0.0.2:9221' }, {});

export const aRule: EvidenceRule = {
  rule: 'full_sync_seen',
  holds: false,
  statement: 'none',
  text: 'No DB was seen in full sync since SLAVEOF.',
  facts: {},
  at: 1,
};

export const anAnomaly = makeAnomaly('full_sync_skipped', { as: 'never' }, { at: 1, attempt: 1 });

export const masterWork: readonly MasterWork[] = [
  { what: 'dump' },
  { what: 'scan' },
  { what: 'compaction' },
  { what: 'slave', slave: '10.0.0.9:9221', lag: { db0: 'full syncing' } },
];

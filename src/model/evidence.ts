export * from './rule-names.ts';
export type { AnomalyRecord, CatchUp, Evidence, EvidenceRule } from './views/evidence.ts';

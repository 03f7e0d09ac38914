import type { Finding } from './views/finding.ts';

export type { Finding, Severity } from './views/finding.ts';

export const hasErrors = (findings: readonly Finding[]): boolean =>
  findings.some((f) => f.severity === 'error');

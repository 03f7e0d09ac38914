import type * as english from './look-en.ts';

export const findings: typeof english.findings = {
  alsoOf: (others, names) => `另外 ${others} 个节点同样如此：${names}`,
};

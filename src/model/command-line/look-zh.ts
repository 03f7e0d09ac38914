import type * as english from './look-en.ts';

export const findings: typeof english.findings = {
  alsoOf: (others, names) => `另外 ${others} 个节点同样如此：${names}`,
};

export const next: typeof english.next = {
  approval: '正在等待批准下一批次：',
  paused: '已暂停。要继续：',
  unverified: '要为未通过校验的节点重新提交：',
  halted: '已停住，等待人工决定：',
  stateAsked: (state, verb) => `${state}，已请求 ${verb}`,
};

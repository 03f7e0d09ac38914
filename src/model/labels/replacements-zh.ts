import { stateLabels } from '../state-words.ts';
import { pairPhases, replacementStates } from '../states.ts';
import type { replacements as english } from './replacements-en.ts';

/** 替换页面的中文文字。 */
export const replacements: typeof english = {
  title: '替换',
  none: '还没有替换。',
  noneText: '替换会把从节点从主节点下线：先让新的从节点通过校验，再等旧节点的客户端离开后断开它。',
  state: '状态',
  states: stateLabels(replacementStates, 'zh'),
  phases: stateLabels(pairPhases, 'zh'),
  since: '开始时间',
  label: '标签',
  out: '已下线',
  start: '新建替换',
  startText: '先添加新节点并完成校验，再等旧节点的客户端离开并断开。旧节点保持原样。',
  master: '主节点',
  pairs: '要下线的从节点',
  pairsHelp: '每行一个：旧=新 表示替换，只写旧节点表示下线。',
  keep: '至少保留的已校验从节点数',
  reason: '原因',
  submit: '开始替换',
  cancel: '取消',
  cancelTitle: '取消这次替换？',
  cancelText: '不再断开其他从节点。已撤下的从节点会重新发布。',
  approve: '批准',
  approveTitle: '批准这些从节点下线？',
  approveText: '批准后，没有新节点接替的从节点将被下线，前提是已校验的从节点仍然足够。',
  approvedBy: (by, reason) => `由 ${by} 批准：${reason}`,
  cancelledBy: (by, reason) => `由 ${by} 取消：${reason}`,
  newNodes: '新节点的扩容任务',
  old: '旧节点',
  new: '新节点',
  phase: '阶段',
  what: '说明',
};

import type { trail as english } from './trail-en.ts';

/** The texts of the page of the trail in Chinese. */
export const trail: typeof english = {
  title: '操作日志',
  intro: '谁向服务提出过什么请求，结果如何。任何改动都会留下痕迹。',
  none: '没有条目。',
  noneText: '没有符合筛选条件的条目。',
  filters: '筛选',
  number: '序号',
  time: '时间',
  who: '操作者',
  from: '来源',
  act: '操作',
  object: '对象',
  outcome: '结果',
  since: '起始时间',
  nobody: '未登录',
  service: '服务自身',
  done: '已完成',
  times: (count: number) => `${count} 次`,
  entry: (seq: number) => `条目 ${seq}`,
  open: (seq: number, act: string) => `条目 ${seq}：${act}`,
};

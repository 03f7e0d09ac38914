const verbs: Readonly<Record<string, string>> = {
  pause: '暂停',
  resume: '继续',
  cancel: '取消',
  approve: '批准',
  retry: '重试',
  skip: '跳过',
};

/** 句子中的操作名称。 */
export const verbZh = (verb: string): string => verbs[verb] ?? verb;

import type * as english from './files-en.ts';

/** 备份，以及命令读写的其他文件。 */
export const backups: typeof english.backups = {
  written: ({ file, rows, tables, verified }) =>
    `备份已写入 ${file}：${tables} 张表，${rows} 行${verified ? '；已在别处恢复并核对一致' : ''}。`,
  keepIt: '备份含有 webhook 的密钥和本服务的密钥：请像保管数据库一样保管它。',
  fileOrMark: '请给出要恢复的备份文件；如果数据库已用其他方式恢复，请用 --mark。',
  marked: '已将数据库标记为“已恢复”。',
  restored: (rows, tables, at) => `已恢复 ${tables} 张表的 ${rows} 行，为 ${at} 的状态。`,
  next: '请启动服务：它会冻结一切，并暂停所有未结束的任务。请检查各节点，逐个继续或取消，最后解除冻结。',
  failed: {
    backup: (why) => `备份失败：${why}`,
    restore: (why) => `恢复失败：${why}`,
    mark: (why) => `标记失败：${why}`,
  },
  steps: {
    backup_broken: '请使用另一个备份。',
    backup_newer: '请使用生成该备份的 pika-expander 版本，或更新的版本。',
    database_in_use: '请先停止服务的所有进程。',
    database_holds_expansions: '请指定另一个数据库，或加上 --replace：库中现有内容将丢失。',
    database_empty: '请指定已启动过的服务所用的数据库：DATABASE_URL；内嵌数据库则用 --data-dir。',
    EEXIST: '请换一个新文件名。',
  },
  see: '见 docs/backup.md。',
};

export const files: typeof english.files = {
  notMade: (path, why) => `无法创建 ${path}：${why}`,
  nameNew: '请换一个新文件名。',
  verifyAlone: '--verify FILE 用于检查文件：请去掉 id 和 --out。',
  evidenceUnreadable: (file, why) => `无法读取校验证据 ${file}：${why}`,
  keyUnreadable: (why) => `无法读取密钥：${why}`,
  evidenceForm: '校验证据文件由 pika-expander evidence ID --out FILE 写出：docs/evidence.md。',
  keyForm: '请给出密钥的 id，或含 PEM 公钥的文件：GET /v1/evidence-key。',
};

export const serve: typeof english.serve = {
  badPort: (text) => `--port 为“${text}”；请给出 0 到 65535 之间的数字。`,
};

export const runbook: typeof english.runbook = {
  at: (address) => `运维手册：${address}`,
};

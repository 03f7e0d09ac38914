/** What a row of the findings holds, and the words that several rows share. */
import type { Severity } from '../finding.ts';
import { credentialVariables } from '../targets.ts';
import { listed, plain, type Reader, type Text } from '../text.ts';

/** What every finding knows: the master of the request, and the node that it is about (empty: none). */
export interface Named {
  readonly master: string;
  readonly node: string;
}

export interface FindingRow<F = Named> {
  readonly severity: Severity;
  /** What the code means in general, and where that is known from. */
  readonly meaning: Text;
  /** What was found, with its numbers. */
  readonly text: Text<F>;
  /** What the reader can do next, in the words of the reader's tool. */
  readonly nextStep: Text<F>;
}

/** Fixes the facts of a row. */
export const row = <F = unknown>(finding: FindingRow<F & Named>): FindingRow<F & Named> => finding;

/** The facts of a server that gave no look. */
export interface Met {
  readonly address: string;
  /** What was met, as the network or the server said it. */
  readonly met: string;
}

export const nothingToDo = plain<unknown>('Nothing to do.', '无需操作。');

const permissions = {
  overwriteData: {
    rest: '"overwriteData": true',
    cli: 'overwrite-data',
    dashboard: { en: '“Replace data”', zh: '“覆盖数据”' },
  },
  repoint: {
    rest: '"repoint": true',
    cli: 'repoint',
    dashboard: { en: '“Take from master”', zh: '“改挂”' },
  },
} as const;

export type Permission = keyof typeof permissions;

/** How a node is permitted to lose its data or its master, in the words of the reader's tool. */
export function askAgainWith(node: string, wanted: readonly Permission[], reader: Reader): string {
  const { language, tool } = reader;
  if (tool === 'cli') {
    const words = [node, ...wanted.map((permission) => permissions[permission].cli)].join(',');
    return { en: `run the command again with ${words}`, zh: `请改用 ${words} 重新执行命令` }[language];
  }
  const names = wanted.map((permission) =>
    tool === 'dashboard' ? permissions[permission].dashboard[language] : permissions[permission].rest,
  );
  if (tool === 'dashboard')
    return {
      en: `tick ${listed(names, reader)} for this node and plan again`,
      zh: `请为该节点勾选${listed(names, reader)}后重新规划`,
    }[language];
  return {
    en: `ask again with ${listed(names, reader)} for this node`,
    zh: `请为该节点加上 ${listed(names, reader)} 后重新请求`,
  }[language];
}

/** The name of `seenAs` where the reader gives it. */
export const seenAsWord = ({ tool }: Reader): string => (tool === 'rest' ? '"seenAs"' : 'seen-as');

/** How `seenAs` is given with a value. */
export const seenAsOf = (address: string, { tool }: Reader): string =>
  tool === 'rest' ? `"seenAs": "${address}"` : `seen-as=${address}`;

/** What to set for a login that was refused, or that may not be sent to this server. */
export const loginStep: Text<{ readonly credential: string | null }> = {
  en: ({ credential }) => {
    const prefix = credentialVariables(credential);
    const others =
      prefix === 'PIKA'
        ? ' Or name another credential in the request (PIKA_CREDENTIAL_<NAME>_PASSWORD).'
        : '';
    return `Set ${prefix}_PASSWORD (for an ACL user also ${prefix}_USERNAME). A server outside the private networks must be named in ${prefix}_NODES.${others}`;
  },
  zh: ({ credential }) => {
    const prefix = credentialVariables(credential);
    const others = prefix === 'PIKA' ? '也可在请求中指定另一套凭据（PIKA_CREDENTIAL_<NAME>_PASSWORD）。' : '';
    return `请设置 ${prefix}_PASSWORD（ACL 用户还需设置 ${prefix}_USERNAME）。不在内网中的服务器须列入 ${prefix}_NODES。${others}`;
  },
};

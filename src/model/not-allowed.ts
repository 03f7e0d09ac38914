/** Why the service does not connect to a server, or does not let nodes follow it, and what to set. */
import { credentialVariables } from './targets.ts';
import { nobody, plain, type Text, text } from './text.ts';
import type { Look, NotAllowed } from './views/observation.ts';

export type { NotAllowed };

const where = ({ server, ip }: NotAllowed): string =>
  ip === null || server.startsWith(`${ip}:`) || server.startsWith(`[${ip}]:`) ? server : `${server} (${ip})`;

/** Every network's metadata service, in one word for both sentences. */
const kinds = {
  en: 'a link-local, unspecified, multicast or metadata address',
  zh: '链路本地、未指定、组播或云元数据地址',
};

/** What is refused. */
export const notAllowedText = text<NotAllowed>({
  en: (facts) => {
    const { why, credential, followed, server } = facts;
    if (why === 'never')
      return `${followed ? 'Nodes must never follow' : 'The service never connects to'} ${where(facts)}, ${kinds.en}.`;
    if (why === 'unresolved')
      return `The service cannot resolve ${server}. Nodes that follow it would send it the password of their master.`;
    if (followed)
      return `The configuration does not allow ${where(facts)} to be followed. Nodes would send it the password of their master.`;
    return credential === null
      ? `The configuration does not allow a connection to ${where(facts)}.`
      : `The credential "${credential}" may not be sent to ${where(facts)}.`;
  },
  zh: (facts) => {
    const { why, credential, followed, server } = facts;
    if (why === 'never')
      return `${where(facts)} 是${kinds.zh}，${followed ? '不可作为主节点' : '本服务从不连接'}。`;
    if (why === 'unresolved') return `本服务无法解析 ${server}。跟随它的节点会把主节点密码发给它。`;
    if (followed) return `配置不允许节点跟随 ${where(facts)}：节点会把主节点密码发给它。`;
    return credential === null
      ? `配置不允许连接 ${where(facts)}。`
      : `凭据“${credential}”不得发往 ${where(facts)}。`;
  },
});

const otherAddress = plain<NotAllowed>('Give another address of the server.', '请改用该服务器的其他地址。');

/** What to do about it. */
export const notAllowedStep: Text<NotAllowed> = text<NotAllowed>({
  en: (facts, reader) => {
    const list = `${credentialVariables(facts.credential)}_NODES`;
    if (facts.why === 'never') return otherAddress.en(facts, reader);
    if (facts.ownList)
      return `Add the server to ${list} and restart the service, or name another credential.`;
    const lists = facts.credential === null ? '' : `, or list all nodes of this credential in ${list}`;
    return `Add the server or its network to PIKA_EXPANDER_NODE_NETWORKS${lists}. Keep your other networks in the list. Then restart the service.`;
  },
  zh: (facts, reader) => {
    const list = `${credentialVariables(facts.credential)}_NODES`;
    if (facts.why === 'never') return otherAddress.zh(facts, reader);
    if (facts.ownList) return `请把该服务器加入 ${list} 并重启服务，或指定其他凭据。`;
    const lists = facts.credential === null ? '' : `，或在 ${list} 中列出该凭据的全部节点`;
    return `请把该服务器或其网段加入 PIKA_EXPANDER_NODE_NETWORKS（保留原有网段）${lists}，然后重启服务。`;
  },
});

/** What a look says of a server to which the service did not connect. */
export const refusedLook = (notAllowed: NotAllowed, at: number): Look => ({
  kind: 'denied',
  at,
  code: 'NOT_ALLOWED',
  message: notAllowedText.en(notAllowed, nobody),
  notAllowed,
});

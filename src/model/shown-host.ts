/** What the agents tell of the hosts of a node and its master, as the command line and the dashboard show it. */
import { logCauseTitle } from './full-sync-log.ts';
import { logLineMeanings } from './log-line-meanings.ts';
import { type Reader, type Text, text } from './text.ts';
import type { AgentServer } from './views/agent.ts';
import type { NodeDetail } from './views/expansion.ts';

type Hosts = NodeDetail['hosts'];
export type Server = keyof Hosts;

/** A mount on which folders of a server lie. */
export interface ShownDisk {
  readonly server: Server;
  /** Names of the settings whose folders lie there: `db-path`. */
  readonly settings: readonly string[];
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** What is still to come there for this copy; null = nothing, or not known. */
  readonly awaitedBytes: number | null;
}

const settings = { db: 'db-path', dump: 'dump-path', dbSync: 'db-sync-path', log: 'log-path' } as const;
type PathName = keyof AgentServer['paths'];

/** Each mount once, first those of the node. */
export const shownDisks = (join: Pick<NodeDetail, 'hosts' | 'progress'>): readonly ShownDisk[] =>
  (['node', 'master'] as const).flatMap((server) => disksOf(server, join));

function disksOf(server: Server, { hosts, progress }: Pick<NodeDetail, 'hosts' | 'progress'>): ShownDisk[] {
  const byMount = new Map<string, ShownDisk>();
  for (const [name, space] of Object.entries(hosts[server]?.server.paths ?? {})) {
    if (!space || space.totalBytes === null || space.freeBytes === null) continue;
    const { path, totalBytes, freeBytes } = space;
    const key = String(space.device ?? path);
    const known = byMount.get(key);
    byMount.set(key, {
      ...(known ?? { server, path, totalBytes, freeBytes }),
      settings: [...(known?.settings ?? []), settings[name as PathName]],
      awaitedBytes:
        server === 'node' && name === 'dbSync' ? awaited(progress) : (known?.awaitedBytes ?? null),
    });
  }
  return [...byMount.values()];
}

function awaited({ snapshotBytes, receivedBytes }: NodeDetail['progress']): number | null {
  if (snapshotBytes === null) return null;
  const left = Math.max(0, snapshotBytes - (receivedBytes ?? 0));
  return left === 0 ? null : left;
}

/** A line of a log that means something. */
export interface ShownLine {
  readonly at: number;
  readonly server: Server;
  readonly code: string;
  readonly meaning: string;
  /** As the server wrote it. */
  readonly line: string;
}

const meanings: Readonly<Record<string, Text>> = logLineMeanings;

/** The lines of both logs since `since`, oldest first. */
export const shownLog = (hosts: Hosts, since: number, reader: Reader): readonly ShownLine[] =>
  (['node', 'master'] as const)
    .flatMap((server) =>
      (hosts[server]?.server.log ?? [])
        .filter(({ at }) => at >= since)
        .map(({ at, code, line }) => ({
          at,
          server,
          code,
          meaning: meanings[code]?.[reader.language]({}, reader) ?? code,
          line,
        })),
    )
    .sort((a, b) => a.at - b.at);

type AttemptSeen = AgentServer['attempts'][number];

/** What the node's log tells of a full sync, in a line. */
export const attemptSaid = text<AttemptSeen>({
  en: ({ db, verdict, cause, files }) =>
    `${db ?? 'all databases'}: ${verdict}, ${files.copied} of ${files.listed ?? '?'} files came. ${cause ? logCauseTitle(cause, 'en') : ''}`.trim(),
  zh: ({ db, verdict, cause, files }) =>
    `${db ?? '全部 DB'}：${verdictsZh[verdict]}，${files.listed ?? '?'} 个文件中到达 ${files.copied} 个。${cause ? logCauseTitle(cause, 'zh') : ''}`,
});

const verdictsZh: Readonly<Record<AttemptSeen['verdict'], string>> = {
  complete: '完整',
  incomplete: '不完整',
  failed: '失败',
  running: '进行中',
  undecided: '无法判断',
};

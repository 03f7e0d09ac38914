/** What the agents tell of the hosts of a node and its master, as the command line and the dashboard show it. */
import { logCauseTitle } from './full-sync-log.ts';
import { logLineMeanings } from './log-line-meanings.ts';
import { isActive } from './states.ts';
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
type Paths = AgentServer['paths'];

/** A mount of a host. */
interface ShownMount {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** What lies there, of which server. */
  readonly folders: readonly {
    readonly server: string;
    readonly setting: (typeof settings)[keyof Paths];
    readonly path: string;
  }[];
}

/** Each mount on which folders of these servers of one host lie, in the order in which they are named. */
export function mountsOf(servers: readonly { readonly name: string; readonly paths: Paths }[]): ShownMount[] {
  const mounts = new Map<string, ShownMount>();
  for (const { name: server, paths } of servers)
    for (const [setting, space] of spacesOf(paths)) {
      if (space.totalBytes === null || space.freeBytes === null) continue;
      const { path, totalBytes, freeBytes } = space;
      const key = String(space.device ?? path);
      const folder = { server, setting, path };
      const folders = [...(mounts.get(key)?.folders ?? []), folder];
      mounts.set(key, { totalBytes, freeBytes, folders });
    }
  return [...mounts.values()];
}

/** Folders of which the agent cannot tell the room, and why. */
export const unreadablePaths = (paths: Paths): { setting: string; path: string; problem: string }[] =>
  spacesOf(paths).flatMap(([setting, { path, problem }]) =>
    problem === null ? [] : [{ setting, path, problem }],
  );

/** In the order of the settings; a database orders the keys of what it stores as it likes. */
const spacesOf = (paths: Paths) =>
  Object.entries(settings).flatMap(([name, setting]) => {
    const space = paths[name as keyof Paths];
    return space ? [[setting, space] as const] : [];
  });

/** Each mount once, first those of the node. */
export const shownDisks = ({
  hosts,
  phase,
  progress,
}: Pick<NodeDetail, 'hosts' | 'phase' | 'progress'>): readonly ShownDisk[] =>
  (['node', 'master'] as const).flatMap((server) =>
    mountsOf([{ name: server, paths: hosts[server]?.server.paths ?? {} }]).map(
      ({ totalBytes, freeBytes, folders }) => {
        const names = folders.map(({ setting }) => setting);
        const arrives = server === 'node' && names.includes('db-sync-path') && beforeSwap.has(phase);
        const awaitedBytes = arrives ? awaited(progress) : null;
        return { server, settings: names, path: folders[0]!.path, totalBytes, freeBytes, awaitedBytes };
      },
    ),
  );

/** From the swap on nothing of the copy is to come, whatever the two figures say, which are samples. */
const beforeSwap: ReadonlySet<NodeDetail['phase']> = new Set(['attaching', 'snapshotting', 'transferring']);

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

/** The lines of both logs since `since`, oldest first. What a master writes after this node was done is about other nodes. */
export function shownLog(
  { hosts, phase, phaseSince }: Pick<NodeDetail, 'hosts' | 'phase' | 'phaseSince'>,
  since: number,
  reader: Reader,
): readonly ShownLine[] {
  const masterUntil = isActive(phase) ? Number.POSITIVE_INFINITY : phaseSince;
  return (['node', 'master'] as const)
    .flatMap((server) =>
      (hosts[server]?.server.log ?? [])
        .filter(({ at }) => at >= since && (server === 'node' || at <= masterUntil))
        .map(({ at, code, line }) => ({
          at,
          server,
          code,
          meaning: meanings[code]?.[reader.language]({}, reader) ?? code,
          line,
        })),
    )
    .sort((a, b) => a.at - b.at);
}

type AttemptSeen = AgentServer['attempts'][number];

/** Its full syncs since `since` as the log of the node tells them, oldest first. */
export const shownAttempts = ({ node }: Hosts, since: number): readonly AttemptSeen[] =>
  (node?.server.attempts ?? []).filter(({ startedAt }) => startedAt >= since);

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

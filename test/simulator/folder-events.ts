import { readFileSync } from 'node:fs';
import type { Cluster } from '../../src/simulator/index.ts';

type Folders = ReturnType<Cluster['foldersOf']>;
type Folder = Folders[number];

/** What happens to a folder: on which server, of which database. */
export type FolderEvent = readonly [server: string, db: string, what: string];

const recordings = JSON.parse(
  readFileSync(new URL('../recordings/folders/events.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly (readonly [at: number, ...FolderEvent])[]>>;

/** What happened to the folders of these servers in a recording. */
export function recordedEvents(recording: string, servers: readonly string[]): readonly FolderEvent[] {
  const rows = recordings[recording];
  if (rows === undefined) throw new Error(`there are no folders of ${recording}`);
  return rows.flatMap(([, ...event]) => (servers.includes(event[0]) ? [event] : []));
}

/** The cluster, which notes what happens to folders while its time passes; `servers`: its nodes by their names in recordings. */
export function withFolderEvents(
  cluster: Cluster,
  servers: Readonly<Record<string, string>>,
): { readonly cluster: Cluster; readonly events: readonly FolderEvent[] } {
  const events: FolderEvent[] = [];
  const watches = Object.entries(servers).map(([server, id]) => ({ server, id, watch: watch() }));
  const wholeDumps: Folder[] = [];
  const look = (): void => {
    for (const { server, id, watch: each } of watches) {
      if (!cluster.world.nodes.has(id)) continue;
      const folders = cluster.foldersOf(id);
      for (const [db, what] of each(folders, wholeDumps)) events.push([server, db, what]);
    }
  };
  const advanceUntil: Cluster['advanceUntil'] = (condition, withinMs) =>
    cluster.advanceUntil(() => {
      look();
      return condition();
    }, withinMs);
  return {
    cluster: { ...cluster, advanceUntil, advance: (ms) => void advanceUntil(() => false, ms) },
    events,
  };
}

const isThere = ({ name }: { readonly name: string }): boolean => name !== 'DUMP_META_DATA';
const tablesOf = ({ files }: Folder): readonly string[] =>
  files.flatMap(({ name, bytes }) =>
    name.endsWith('.sst') && !name.startsWith('streams/') ? [`${name} ${bytes}`] : [],
  );

interface Seen {
  readonly [place: string]: Folder | undefined;
}

/** Compares with what was there at the look before. */
function watch() {
  const before = new Map<string, Seen>();
  /** Databases whose copy nobody has filled yet. */
  const awaited = new Set<string>();
  return (folders: Folders, wholeDumps: Folder[]): readonly (readonly [db: string, what: string])[] => {
    const found: [string, string][] = [];
    const dbOf = ({ path }: Folder): string => /\/(db\d+)(?:_\w+)?$/.exec(path)![1]!;
    for (const db of new Set(folders.map(dbOf))) {
      const own = folders.filter((folder) => dbOf(folder) === db);
      const now: Seen = Object.fromEntries(
        own.map((folder) => [folder.path.replace(/\d{8}\//, '').replace(`/${db}`, '/N'), folder]),
      );
      const was = before.get(db) ?? { 'db/N': now['db/N'] };
      before.set(db, now);
      const say = (what: string): void => void found.push([db, what]);
      const isNew = (place: string): boolean =>
        now[place] !== undefined && now[place].inode !== was[place]?.inode;
      const isGone = (place: string): boolean => now[place] === undefined && was[place] !== undefined;
      const isWhole = (folder: Folder | undefined): boolean =>
        folder?.files.some(({ name }) => name === 'info') ?? false;

      if (isNew('dump/N')) say('dump begun');
      if (isGone('dump/N_FAILED')) say('failed dump deleted');
      if (isNew('dump/N_FAILED')) say('dump failed');
      if (isWhole(now['dump/N']) && (isNew('dump/N') || !isWhole(was['dump/N']))) {
        say('dump whole');
        wholeDumps.push(now['dump/N']!);
      }
      const movedIn = isNew('db/N') && now['db/N']!.inode === was['dbsync/N']?.inode;
      if (isNew('dbsync/N') && !awaited.has(db)) {
        say('copy awaited');
        awaited.add(db);
      }
      if (awaited.has(db) && now['dbsync/N']?.files.some(isThere)) {
        say('first file');
        awaited.delete(db);
      }
      if (isGone('dbsync/N') && !movedIn) say('copy deleted');
      if (movedIn) say('moved in');
      else if (isNew('db/N')) say('made');
      if (isGone('db/N')) {
        if (was['db/N_bak']) say('old data deleted');
        say('moved away');
      } else if (isGone('db/N_bak')) {
        const there = new Set(tablesOf(now['db/N']!));
        const whole = wholeDumps.some((dump) => tablesOf(dump).every((table) => there.has(table)));
        say(whole ? 'opened whole' : 'opened cut short');
      }
    }
    return found;
  };
}

/** The small file that an agent keeps: where in each log it is, and what it found before. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ServerState } from './server.ts';
import type { LogPlace } from './server-log.ts';

export type AgentState = ReadonlyMap<string, ServerState>;

const format = 1;

/** What an earlier agent kept; empty if there was none. Throws if the file is none of an agent. */
export async function readState(path: string): Promise<AgentState> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return new Map();
  const stored = JSON.parse(text) as { format?: unknown; servers?: Record<string, ServerState> };
  if (stored?.format !== format || typeof stored.servers !== 'object')
    throw new Error('not the state of an agent of this release');
  return new Map(
    Object.entries(stored.servers ?? {}).map(([conf, { workingFolder, place }]) => [
      conf,
      {
        workingFolder: typeof workingFolder === 'string' ? workingFolder : null,
        place: isPlace(place) ? place : null,
      },
    ]),
  );
}

/** Replaces the file at once: whoever reads it sees the old one or the new one. */
export async function writeState(path: string, state: AgentState): Promise<void> {
  await writeFile(`${path}.new`, stateText(state), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export const stateText = (state: AgentState): string =>
  JSON.stringify({ format, servers: Object.fromEntries(state) });

const isPlace = (place: LogPlace | null | undefined): place is LogPlace =>
  typeof place?.file === 'string' &&
  typeof place.inode === 'string' &&
  Number.isSafeInteger(place.at) &&
  Array.isArray(place.attempts) &&
  Array.isArray(place.facts);

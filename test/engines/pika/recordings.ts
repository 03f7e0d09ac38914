import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../recordings');

export interface RecordedReply {
  readonly recording: string;
  readonly version: string;
  readonly t: number;
  readonly node: string;
  readonly section: 'replication' | 'stats' | 'data' | 'rocksdb';
  readonly raw: string;
}

/** Names of the recordings, `01-3.5.4-one-slave-idle` and so on. */
export const recordingNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => file.slice(0, -'.jsonl'.length))
  .sort();

/** Every INFO reply of one recording, in order. */
export function recordedReplies(recording: string): RecordedReply[] {
  const rows = readFileSync(join(folder, `${recording}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  const meta = JSON.parse(rows[0]!).meta as { nodes: Record<string, { version: string }> };
  return rows
    .slice(1)
    .map((row) => JSON.parse(row))
    .filter((row) => typeof row.raw === 'string')
    .map((row) => ({ recording, version: meta.nodes[row.node]!.version, ...row }));
}

/** The sections of a `24-VERSION-info-*.txt` dump by their heading (`INFO replication`). */
export function dumpedSections(file: string): Map<string, string> {
  const text = readFileSync(join(folder, file), 'utf8');
  const parts = text.split(/^### (.*)$/m).slice(1);
  const sections = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length; index += 2)
    sections.set(parts[index]!.trim(), parts[index + 1]!.replace(/^\n/, ''));
  return sections;
}

/** The pairs of a `24-VERSION-config-get.txt` dump. */
export function dumpedConfig(file: string): string[] {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const blank = line.indexOf(' ');
    return blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
  });
}

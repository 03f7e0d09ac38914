import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type LogJudge, newLogJudge } from '../../src/core/sync/log-attempts.ts';
import { readLogLine } from '../../src/engines/pika/log-lines.ts';
import type { LogFact, ToldByLog } from '../../src/model/full-sync-log.ts';

/** Log files of real servers during full syncs (test/recordings/README.md). */
export const logRecordings = join(import.meta.dirname, '../recordings/logs');

/** The lines of a server's INFO files, in the order of their starts; none where the recording lacks its log. */
export function recordedLines(recordingStart: string, server: string): readonly string[] {
  const recording = readdirSync(logRecordings).find((name) => name.startsWith(`${recordingStart}-`));
  if (recording === undefined) throw new Error(`no recording begins with ${recordingStart}`);
  const folder = join(logRecordings, recording, server);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.includes('.INFO.'))
    .toSorted()
    .flatMap((file) => {
      const packed = readFileSync(join(folder, file));
      return (file.endsWith('.gz') ? gunzipSync(packed) : packed).toString().trimEnd().split('\n');
    });
}

const ofSingleFiles = new Set(['list_file', 'file_begun', 'file_failed']);

/** What such lines tell, as an agent would send it. */
export function toldByLines(lines: readonly string[]): ToldByLog {
  const judge: LogJudge = newLogJudge();
  const log: LogFact[] = [];
  let last = 0;
  for (const line of lines) {
    const read = readLogLine(line, 2026);
    if (!read) continue;
    last = read.at;
    if (!read.fact) continue;
    judge.take(read.fact);
    if (!ofSingleFiles.has(read.fact.code)) log.push(read.fact);
  }
  judge.end(last);
  return { attempts: judge.attempts(), log };
}

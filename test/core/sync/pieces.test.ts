import { expect, test } from 'vitest';
import { requestsTimeOut, takePieces } from '../../../src/core/sync/pieces.ts';
import { loadRecording } from '../../simulator/recorded-situation.ts';

const MB = 1_000_000;
const MiB = 1024 * 1024;

/** What the byte counter of a real node tells by the time at which one and a half snapshots have come. */
function toldBy(name: string, throttle: number, snapshotBytes: number): string | null {
  let pieces: ReturnType<typeof takePieces> | undefined;
  let last: { readonly at: number; readonly bytes: number } | undefined;
  for (const { node, section, t = 0, raw = '' } of loadRecording(name).rows) {
    if (node !== 's1' || section !== 'stats') continue;
    const bytes = Number(/total_net_repl_input_bytes:(\d+)/.exec(raw)![1]);
    const at = 1000 * t;
    if (last !== undefined && bytes > 16_384) pieces = takePieces(pieces, last, { at, bytes }, throttle);
    last = { at, bytes };
    if (bytes > 1.5 * snapshotBytes) break;
  }
  return requestsTimeOut(pieces)?.code ?? null;
}

test.each([
  ['situations/53-4.0.1-requests-time-out', 'no_file_ended', 5 * MiB, 31 * MB],
  ['situations/53-3.5.4-requests-time-out', 'came_slowly', 5 * MiB, 31 * MB],
  ['43-3.5.4-slave-disk-full', null, 20 * MiB, 160 * MB],
  ['43-4.0.1-slave-disk-full', null, 20 * MiB, 160 * MB],
] as const)('%s: the bytes tell %s', (name, told, throttle, snapshotBytes) => {
  expect(toldBy(name, throttle, snapshotBytes)).toBe(told);
});

/** Looks ten times a second. */
const toldByLooks = (came: readonly number[], throttle = 5 * MiB): string | null => {
  let pieces: ReturnType<typeof takePieces> | undefined;
  let before = { bytes: 500, at: 0 };
  for (const more of came) {
    const now = { bytes: before.bytes + more, at: before.at + 100 };
    pieces = takePieces(pieces, before, now, throttle);
    before = now;
  }
  return requestsTimeOut(pieces)?.code ?? null;
};

const answer = (5 * MiB) / 10 + 83;
const whole = Array.from({ length: 20 }, () => answer);

test('a piece that was read in part at a look is whole at the next, and pings beside it are no end of a file', () => {
  const partRead = [200_000, answer - 200_000 + 37, 16, 400_000, answer, answer - 400_000];
  expect(toldByLooks([...whole, ...partRead, ...whole])).toBe('no_file_ended');
});

test('the end of one file tells that requests are answered', () => {
  expect(toldByLooks([...whole, 100_083, ...whole])).toBeNull();
});

test('a throttle that asks for more than a piece at once tells nothing', () => {
  expect(
    toldByLooks(
      whole.map((bytes) => 40 * bytes),
      200 * MiB,
    ),
  ).toBeNull();
});

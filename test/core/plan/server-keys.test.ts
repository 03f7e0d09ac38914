import { expect, test } from 'vitest';
import { serverKeys } from '../../../src/core/plan/preflight-servers.ts';
import type { Look } from '../../../src/model/observation.ts';

const start = 1_700_000_000_000;

function keysOf(
  host: string,
  {
    startedAt = start,
    runId = 'a'.repeat(40),
    processId = 1,
    ips = [] as readonly string[],
    lookedAt = start,
  },
): ReadonlySet<string> {
  const look: Look & { kind: 'answered' } = {
    kind: 'answered',
    at: lookedAt,
    tookMs: 2,
    facts: {
      ips,
      server: {
        reportedVersion: '3.5.4',
        processId,
        uptimeSeconds: Math.floor((lookedAt - startedAt) / 1000),
        runId,
        tcpPort: 9221,
      },
    },
  };
  const address = { host, port: 9221 };
  return new Set(serverKeys({ name: `${host}:9221`, address, seenAs: address, credential: null }, look));
}

const share = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((key) => b.has(key));

test('two masters whose configuration was copied share a run_id, and are two servers', () => {
  expect(share(keysOf('10.0.0.1', {}), keysOf('10.0.0.2', { processId: 2 }))).toBe(false);
  expect(share(keysOf('10.0.0.1', {}), keysOf('10.0.0.2', { startedAt: start - 60_000 }))).toBe(false);
});

test('one master is one server under each of its names, whenever it is looked at', () => {
  for (let second = 0; second < 40; second += 1) {
    const [startedAt, lookedAt] = [start + second * 1000, start + 100_000];
    const early = keysOf('pika-0', { startedAt, lookedAt });
    const late = keysOf('10.0.0.1', { startedAt, lookedAt: lookedAt + 777_999 });
    expect(share(early, late)).toBe(true);
  }
  expect(share(keysOf('pika-0', { ips: ['10.0.0.1'], runId: '' }), keysOf('10.0.0.1', { runId: '' }))).toBe(
    true,
  );
});

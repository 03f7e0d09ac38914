/**
 * The whole service against real Pika processes. PIKA_BIN names a binary, for example of 3.5.4 or 4.0.1:
 *
 *     PIKA_BIN=/path/to/pika npm test -- test/e2e
 *
 * PIKA_E2E_PORT moves the nodes to other ports (each takes P, P+2000 and P+10001). `npx vitest run --reporter=default` prints the
 * figures of tests that pass too: attempts, bytes over the snapshot's size, causes and words. Beside this file: faults (processes
 * that die), situations (commands), disturbances and operators (other tools and people), variants (passwords, DBs, types), disks
 * (needs root), networks (names, ports; needs root and namespaces of its own, see networks.ts). What cannot run is skipped, with the
 * reason.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasTheBug } from '../support/pika.ts';
import {
  compare,
  everyNodeIsWhole,
  expand,
  inTransfer,
  naiveBurst,
  pikaMissing,
  quiet,
  type Rig,
  settles,
  startRig,
  stopRig,
  stopWrites,
} from './rig.ts';

if (pikaMissing) console.log(`test/e2e/pika.test.ts is skipped: ${pikaMissing}.`);

describe.skipIf(pikaMissing !== null)('on real Pika', { timeout: 900_000 }, () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await startRig();
  }, 300_000);

  afterEach(() => stopRig(rig), 120_000);

  it('a naive burst leaves slaves that say up without their keys on 3.5.4, and none on fixed versions', async () => {
    const settled = await naiveBurst(rig);
    const buggy = await hasTheBug(rig.master);
    await stopWrites(rig);
    await quiet(
      rig,
      rig.slaves.filter((_, i) => settled[i] === 'up'),
    );
    const results = await Promise.all(
      rig.slaves.map(async (slave, i) =>
        settled[i] === 'up' ? (await compare(rig.master, slave)).missing : settled[i],
      ),
    );
    console.log(
      `naive burst: ${results.map((result) => (typeof result === 'number' ? `${result} keys missing` : result)).join(', ')}`,
    );
    const spoilt = results.filter((result) => result !== 0).length;
    expect(spoilt > 0).toBe(buggy);
  });

  it('through the service three nodes end verified, with every key and every value', async () => {
    const ended = await expand(rig, rig.slaves);
    await everyNodeIsWhole(rig, ended, rig.slaves);
  });

  it('a second SLAVEOF by somebody else in mid-transfer ends well for both', async () => {
    const [first, second] = rig.slaves;
    const running = expand(rig, [first!]);
    await inTransfer(rig);
    await second!.send('SLAVEOF', '127.0.0.1', rig.master.port);
    const ended = await running;
    await settles(second!);
    await everyNodeIsWhole(rig, ended, [first!, second!]);
  });

  it('a BGSAVE by hand in mid-transfer ends well', async () => {
    const running = expand(rig, rig.slaves.slice(0, 1));
    await inTransfer(rig);
    await rig.master.send('BGSAVE');
    await everyNodeIsWhole(rig, await running, rig.slaves.slice(0, 1));
  });
});

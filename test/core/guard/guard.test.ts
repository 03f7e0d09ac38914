import { describe, expect, test } from 'vitest';
import type { Seen } from '../../../src/core/audit/judge.ts';
import {
  countsOfGuard,
  type Guarded,
  type GuardScene,
  guardLook,
  newGuardMaster,
  slavesOf,
  withoutSlave,
} from '../../../src/core/guard/guard.ts';
import type { ListedSlave, Look } from '../../../src/model/observation.ts';
import type { StoredGuardMaster } from '../../../src/model/views/guard.ts';
import type { BinlogOffsets } from '../../../src/model/views/observation.ts';
import { aMaster, aNode, now, type ServerChanges, slaveOf } from '../plan/preflight-support.ts';

const masterAt = '10.0.0.1:9221';
const slaveAt = '10.0.0.2:9221';
const everyMs = 30_000;
const at = (file: number, offset: number) => ({ db0: { file, offset } });
const listed = (lag: ListedSlave['lag'] = { db0: 0 }): ListedSlave => ({ ip: '10.0.0.2', port: 9221, lag });
const silence: Look = { kind: 'unreachable', at: now, code: 'ECONNREFUSED', message: 'refused' };

interface Moment {
  readonly master?: ServerChanges;
  readonly slaves?: readonly ListedSlave[];
  /** null = a master of its own. */
  readonly slave?: ReturnType<typeof slaveOf> | null;
  readonly slaveStats?: ServerChanges['stats'];
  readonly slaveLook?: Look;
  readonly masterLook?: Look;
  readonly inExpansion?: readonly string[];
  readonly proofAt?: number;
  readonly position?: BinlogOffsets;
  readonly slavePosition?: BinlogOffsets;
}

const target = aNode(slaveAt).target;

/** A guard of one master with one slave, led from look to look, each `everyMs` later. */
class Watch {
  master: StoredGuardMaster = newGuardMaster(aMaster({}, masterAt).target, 0);
  time = now;
  last!: Guarded;

  look(moment: Moment = {}): this {
    this.time += everyMs;
    const position = moment.position ?? at(3, 500 + (this.time - now) / 100);
    const master: Seen = aMaster(
      {
        ...moment.master,
        ...(moment.masterLook ? { look: moment.masterLook } : {}),
        replication: {
          slaves: moment.slaves ?? [listed()],
          binlog: position,
          ...moment.master?.replication,
        },
      },
      masterAt,
    );
    const binlog = moment.slavePosition ?? position;
    const slave: Seen = aNode(slaveAt, {
      ...(moment.slaveLook ? { look: moment.slaveLook } : {}),
      ...(moment.slaveStats ? { stats: moment.slaveStats } : {}),
      replication:
        moment.slave === null
          ? { binlog, replicationId: 'r1' }
          : { ...slaveOf('10.0.0.1', 9221, { binlog, replicationId: 'r1' }), ...moment.slave },
    });
    const inExpansion = new Set(moment.inExpansion ?? []);
    const slaves = slavesOf(this.master, master, [], ({ name }) => inExpansion.has(name));
    const scene: GuardScene = {
      master,
      slaves: new Map(slaves.map(({ target: { name } }) => [name, slave])),
      inExpansion,
      proofs: null,
      now: this.time,
    };
    this.last = guardLook(this.master, slaves, scene);
    if (this.last.needsProofs) {
      const proof = moment.proofAt === undefined ? null : { at: moment.proofAt, by: 'exp_1' };
      this.last = guardLook(this.master, slaves, { ...scene, proofs: new Map([[target.name, proof]]) });
    }
    this.master = this.last.master;
    return this;
  }

  get codes(): readonly string[] {
    return this.master.findings.map(
      ({ server, reason }) => `${server.split(':')[0]!.slice(-1)} ${reason.code}`,
    );
  }
}

/** After two quiet looks. */
const quiet = (): Watch => new Watch().look().look();

describe('a guard', () => {
  test('of a healthy master finds nothing, however long', () => {
    const watch = quiet();
    for (let look = 0; look < 10; look += 1) watch.look();
    expect([watch.codes, watch.master.suspected, watch.master.slaves.length]).toEqual([[], [], 1]);
    expect(countsOfGuard([watch.master])).toEqual({ masters: 1, slaves: 1, errors: 0, warnings: 0 });
  });

  test.each<[string, Moment, readonly string[]]>([
    ['became a master', { slave: null, slaves: [] }, ['2 is_master', '2 unproven']],
    [
      'follows another master',
      { slave: slaveOf('10.0.0.9', 9221), slaves: [] },
      ['2 follows_other', '2 unproven'],
    ],
    [
      'gave its replication up',
      { slave: slaveOf('10.0.0.1', 9221, { dbStates: { db0: 'Error' }, linkStatus: 'down' }) },
      ['2 replication_ended', '2 unproven'],
    ],
    [
      'began a full sync',
      { slave: slaveOf('10.0.0.1', 9221, { dbStates: { db0: 'WaitDBSync' }, linkStatus: 'down' }) },
      ['2 in_full_sync', '2 unproven'],
    ],
    ['was written to', { slavePosition: at(9, 0) }, []],
    ['lies further back than before', { slavePosition: at(1, 0) }, ['2 unproven']],
    [
      'has another replication id',
      { slave: slaveOf('10.0.0.1', 9221, { replicationId: 'other' }) },
      ['2 unproven'],
    ],
  ])('says at the first look that a slave %s', (_, moment, codes) => {
    expect(quiet().look(moment).codes).toEqual(codes);
  });

  test('says at the second look that a slave was ahead of its master', () => {
    const watch = quiet().look({ slavePosition: at(9, 0) });
    watch.look({ slavePosition: at(9, 100) });
    expect(watch.codes).toEqual(['2 unproven']);
    expect(watch.master.findings[0]!.reason.facts).toMatchObject({ why: 'ahead', provenBy: null });
  });

  test.each<[string, Moment, string]>([
    ['is silent', { slaveLook: silence }, '2 unreachable'],
    ['lost its link', { slave: slaveOf('10.0.0.1', 9221, { linkStatus: 'down' }) }, '2 link_down'],
    ['is no longer listed', { slaves: [] }, '2 not_listed'],
    ['is not in sync for its master', { slaves: [listed({ db0: 'not syncing' })] }, '2 not_syncing'],
    [
      'calls its full sync unfinished',
      { slave: slaveOf('10.0.0.1', 9221, { eligibleForMasterElection: false }) },
      '2 says_unfinished',
    ],
    ['does not answer, nor its master', { slaveLook: silence, masterLook: silence }, '2 unreachable'],
  ])('says at the second look in a row that a slave %s, and clears it by itself', (_, moment, code) => {
    const watch = quiet().look(moment);
    expect(watch.codes).toEqual([]);
    watch.look(moment);
    expect(watch.codes).toContain(code);
    expect(watch.master.findings.find(({ server }) => server === slaveAt)!.since).toBe(watch.time - everyMs);
    watch.look();
    expect(watch.codes).toEqual([]);
    expect(watch.last.cleared.map(({ reason }) => reason.code)).toContain(code.slice(2));
  });

  test('tells a slave that stands still from one that is behind', () => {
    const still = quiet();
    const position = still.master.slaves[0]!.remembered!.binlog;
    still.look({ slavePosition: position }).look({ slavePosition: position });
    expect(still.codes).toEqual(['2 stands_still']);
    const slow = quiet();
    slow.look({ position: at(4, 0), slavePosition: at(3, 2000) });
    slow.look({ position: at(5, 0), slavePosition: at(3, 3000) });
    expect(slow.codes).toEqual([]);
    slow.look({ position: at(6, 0), slavePosition: at(3, 4000) });
    expect([slow.codes, slow.master.findings[0]!.level]).toEqual([['2 behind'], 'warning']);
  });

  test('says when a slave without a link needs a full sync, as its master keeps no more', () => {
    const watch = new Watch().look({ master: { config: { expireLogsNums: 10 } } }).look();
    const gone = (file: number): Moment => ({ slaveLook: silence, position: at(file, 0) });
    watch.look(gone(12)).look(gone(12));
    expect(watch.codes).toEqual(['2 unreachable']);
    watch.look(gone(13));
    expect(watch.codes).toEqual(['2 unreachable', '2 beyond_kept']);
  });

  test('tells a full sync that came and went between two looks by its bytes, but no restart and no burst of writes', () => {
    const bytes = (replInputBytes: number) => ({ slaveStats: { replInputBytes } });
    const watch = new Watch().look(bytes(1000)).look(bytes(2000)).look(bytes(60_000_000));
    expect(watch.master.findings.map(({ reason }) => reason.facts.why)).toEqual(['copied_anew']);
    const burst = new Watch().look({ ...bytes(1000), position: at(3, 500) });
    burst.look({ ...bytes(60_000_000), position: at(3, 30_000_000) });
    expect(burst.codes).toEqual([]);
  });

  test('keeps that a slave is unproven until a younger proof, and says who proved it before', () => {
    const watch = quiet();
    const proofAt = watch.time - 1000;
    watch.look({ slave: null, slaves: [], proofAt });
    expect(watch.master.findings.at(-1)!.reason.facts).toMatchObject({ why: 'is_master', provenBy: 'exp_1' });
    watch.look({ proofAt }).look({ proofAt });
    expect(watch.codes).toEqual(['2 unproven']);
    watch.look({ proofAt: watch.time + 1 });
    expect([watch.codes, watch.last.cleared.map(({ reason }) => reason.code)]).toEqual([[], ['unproven']]);
  });

  test('finds no fault with what an expansion does, and takes its proof', () => {
    const watch = new Watch().look({ slaves: [] });
    const atWork = { inExpansion: [slaveAt, masterAt] };
    const syncing = slaveOf('10.0.0.1', 9221, { dbStates: { db0: 'WaitDBSync' }, linkStatus: 'down' });
    watch.look({ ...atWork, slave: syncing, master: { stats: { bgsaving: true } } });
    expect([watch.codes, watch.master.slaves]).toEqual([[], []]);
    watch.look({ proofAt: watch.time + 10_000 });
    expect([watch.codes, watch.master.slaves[0]!.proof]).toEqual([
      [],
      { at: watch.time - 20_000, by: 'exp_1' },
    ]);
    watch.look({ ...atWork, slave: syncing }).look({ proofAt: watch.time + everyMs });
    expect(watch.codes).toEqual([]);
  });

  test('says of a new slave that nobody here added it, until it is proven', () => {
    const watch = new Watch().look({ slaves: [] }).look();
    expect(watch.codes).toEqual(['2 new_slave']);
    watch.look({ proofAt: watch.time });
    expect(watch.codes).toEqual([]);
  });

  test('says of a master that it became a slave, makes a dump, was replaced or is silent', () => {
    const become = quiet().look({ master: { replication: slaveOf('10.0.0.9', 9221) } });
    expect(become.codes).toContain('1 master_is_slave');
    const dump = quiet().look({ master: { stats: { bgsaving: true } } });
    expect([dump.codes, dump.look().codes]).toEqual([['1 dump_unasked'], []]);
    const replaced = quiet().look({ position: at(0, 0), slavePosition: at(0, 0) });
    expect(replaced.codes).toEqual(['2 unproven']);
    const silent = quiet().look({ masterLook: silence });
    expect([silent.codes, silent.look({ masterLook: silence }).codes]).toEqual([[], ['1 unreachable']]);
  });

  test('holds what it found of a slave while the master is silent', () => {
    const moment = { slave: slaveOf('10.0.0.1', 9221, { linkStatus: 'down' as const }) };
    const watch = quiet()
      .look(moment)
      .look(moment)
      .look({ ...moment, masterLook: silence });
    expect(watch.codes).toEqual(['2 link_down']);
  });

  test('forgets a slave that was taken out, with what was found of it', () => {
    const watch = quiet().look({ slave: null, slaves: [] });
    expect(watch.codes).not.toEqual([]);
    const without = withoutSlave(watch.master, slaveAt);
    expect([without.slaves, without.findings]).toEqual([[], []]);
  });
});

import { countsOfGuard, newGuardMaster } from '../../src/core/guard/guard.ts';
import { guardSays } from '../../src/model/guard-texts.ts';
import type { StoredGuard } from '../../src/store/guards.ts';
import { targetAt } from './memory-audits.ts';

/** A guard of one master with two slaves, of which one is no longer proven. */
export function aGuard(id: string, now: number): StoredGuard {
  const [master, slave, other] = ['10.0.0.1:9221', '10.0.0.2:9221', '10.0.0.3:9221'].map(targetAt);
  const remembered = {
    at: now - 4000,
    version: '3.5.4',
    role: 'slave',
    process: 'p',
    replicationId: 'r',
    binlog: { db0: { file: 3, offset: 500 } },
    replInputBytes: 1000,
    lastSaveUnixSeconds: null,
  } as const;
  const named = { slave: slave!.name, master: master!.name };
  const masters = [
    {
      ...newGuardMaster(master!, 0),
      lookedAt: now - 4000,
      remembered: { ...remembered, role: 'master' as const },
      slaves: [
        { target: slave!, isNew: false, remembered, proof: { at: now - 3_600_000, by: 'exp_1' } },
        { target: other!, isNew: true, remembered, proof: null },
      ],
      findings: [
        {
          server: slave!.name,
          reason: guardSays('unproven', named, { why: 'is_master', provenBy: 'exp_1' }),
          level: 'error' as const,
          since: now - 60_000,
        },
        {
          server: other!.name,
          reason: guardSays('new_slave', { ...named, slave: other!.name }, {}),
          level: 'warning' as const,
          since: now - 30_000,
        },
      ],
    },
  ];
  return {
    doc: {
      id,
      label: 'shop',
      state: 'watching',
      requestedBy: 'test',
      createdAt: now - 86_400_000,
      endedAt: null,
      everyMs: 30_000,
      slaves: [],
      audits: null,
      counts: countsOfGuard(masters),
      end: null,
    },
    masters,
  };
}

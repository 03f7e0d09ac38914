import type { Engine } from '../../src/engines/engine.ts';
import type { Capabilities } from '../../src/model/capabilities.ts';
import { type CopyHelps, causes } from '../../src/model/causes.ts';
import type { ComparisonReport } from '../../src/model/comparison.ts';
import type { Look, NodeFacts } from '../../src/model/observation.ts';
import type { AuditStore } from '../../src/store/audits.ts';
import type { HoldStore } from '../../src/store/holds.ts';
import type { Lease } from '../../src/store/leases.ts';
import type { ReplacementStore } from '../../src/store/replacements.ts';
import type { Store } from '../../src/store/store.ts';
import type { Compare } from '../../src/work/expansion/session.ts';

/** A guard that is taken out on purpose, at a seam: the simulation must notice. */
export interface Defect {
  /** Around the database itself, behind every process. */
  readonly store?: (store: Store, epochOf: (expansionId: string) => number) => Store;
  readonly engine?: (engine: Engine) => Engine;
  readonly compare?: (compare: Compare) => Compare;
  /** As expansions see them. */
  readonly holds?: (holds: HoldStore, now: () => number) => HoldStore;
  /** As replacements see it, and themselves. */
  readonly audits?: (audits: AuditStore) => AuditStore;
  readonly replacements?: (replacements: ReplacementStore) => ReplacementStore;
  /** In the code itself, for as long as a seed runs; the result takes it out again. */
  readonly plant?: () => () => void;
}

const withCapabilities = (engine: Engine, change: Partial<Capabilities>): Engine => ({
  ...engine,
  connect: engine.connect,
  capabilities: (facts) => ({ ...engine.capabilities(facts), ...change }),
});

/** Every look passes through `change` before the service sees it. */
const withFacts = (engine: Engine, change: (facts: NodeFacts) => NodeFacts): Engine => ({
  ...engine,
  connect(target, credential) {
    const connection = engine.connect(target, credential);
    return {
      look: async (options) => {
        const look: Look = await connection.look(options);
        return look.kind === 'answered' ? { ...look, facts: change(look.facts) } : look;
      },
      command: (...order) => connection.command(...order),
      ping: (timeoutMs) => connection.ping(timeoutMs),
      close: () => connection.close(),
    };
  },
});

/** A store of which some methods do something else. */
export const instead = <S extends object>(store: S, change: Partial<S>): S =>
  new Proxy(store, {
    get: (target, name) => (change as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name),
  });

/** The lease that the database would accept. */
const renewed = (lease: Lease, epoch: number): Lease => ({ ...lease, epoch });

/** The database takes what a worker saves and renews although its lease was lost. */
const noFence: Defect = {
  store: (store, epochOf) => {
    const owners = new Map<string, string>();
    const current = (lease: Lease): Lease => ({
      ...renewed(lease, epochOf(lease.id)),
      owner: owners.get(lease.id) ?? lease.owner,
    });
    return instead(store, {
      claim: async (expansionId, owner, leaseMs) => {
        const lease = await store.claim(expansionId, owner, leaseMs);
        if (lease) owners.set(expansionId, owner);
        return lease;
      },
      renew: async (lease) => {
        await store.renew(current(lease)).catch(() => undefined);
      },
      lockMaster: (lease, keys) => store.lockMaster(current(lease), keys),
      save: async (lease, before, after, extra) => {
        await store.save(current(lease), before, after, extra).catch(() => undefined);
      },
    });
  },
};

/**
 * Every byte of a node counts for a thousand, so no copy is ever found too small, nor what was opened of it. What a copy may
 * receive at most grows alike.
 */
const noBytesRule: Defect = {
  engine: (engine) =>
    withFacts(engine, ({ stats, sizes, ...facts }) => ({
      ...facts,
      ...(stats && { stats: { ...stats, replInputBytes: thousandfold(stats.replInputBytes) } }),
      ...(sizes && {
        sizes:
          facts.replication?.role === 'master'
            ? { ...sizes, memtableBytes: thousandfold(sizes.sstBytes) }
            : thousandfoldSizes(sizes),
      }),
    })),
};

const thousandfold = <T extends number | null | undefined>(bytes: T): T =>
  (bytes == null ? bytes : bytes * 1000) as T;

const thousandfoldSizes = (sizes: NonNullable<NodeFacts['sizes']>): NonNullable<NodeFacts['sizes']> => ({
  ...sizes,
  sstBytes: thousandfold(sizes.sstBytes),
  liveSstBytes: thousandfold(sizes.liveSstBytes),
});

/** The master's memory could flush whatever there is: no copy ever receives more than its dump can hold. */
const noCopyBound: Defect = {
  engine: (engine) =>
    withFacts(engine, ({ sizes, ...facts }) => ({
      ...facts,
      ...(sizes && { sizes: { ...sizes, memtableBytes: Number.MAX_SAFE_INTEGER } }),
    })),
};

/** The comparison of the data finds everything equal without looking. */
const noDataCheck: Defect = {
  compare: (compare) => async (task) => {
    const report: ComparisonReport = await compare(task);
    return report.verdict === 'different' || report.verdict === 'inconclusive'
      ? { ...report, verdict: 'equal', differencesTotal: 0, examples: [] }
      : report;
  },
};

/** Nothing that tells of a second dump is seen: neither LASTSAVE, nor is_bgsaving, nor another slave in full sync. */
const noSingleSnapshot: Defect = {
  engine: (engine) =>
    withFacts(withCapabilities(engine, { showsFullSyncing: false }), (facts) => {
      const seen = facts.lastSaveUnixSeconds === undefined ? facts : { ...facts, lastSaveUnixSeconds: 1 };
      return seen.stats ? { ...seen, stats: { ...seen.stats, bgsaving: false } } : seen;
    }),
};

/** The version's limit of full syncs at a time is not known. */
const noBatchGate: Defect = {
  engine: (engine) => withCapabilities(engine, { maxConcurrentFullSyncs: 16 }),
};

/** Two expansions may work on one master at the same time. */
const noMasterLock: Defect = {
  store: (store) => instead(store, { lockMaster: async () => true }),
};

/** The global stop is not read. */
const noFreeze: Defect = {
  store: (store) =>
    instead(store, {
      freezeState: async () => ({ frozen: false, reason: null, by: null, since: null }),
    }),
};

/** Holds are not read. */
const noHold: Defect = {
  holds: (holds) => instead(holds, { active: async () => [] }),
};

/** Right before SLAVEOF what was known of holds a while ago is believed. */
const holdOfThen: Defect = {
  holds: (holds, now) => {
    let known: { readonly at: number; readonly active: Awaited<ReturnType<HoldStore['active']>> } | null =
      null;
    return instead(holds, {
      active: async () => {
        if (known === null || now() - known.at > 3000) known = { at: now(), active: await holds.active() };
        return known.active;
      },
    });
  },
};

/** However few proven slaves would stay, a replacement goes on. */
const noKeepVerified: Defect = {
  replacements: (replacements) =>
    instead(replacements, {
      get: async (id) => {
        const kept = await replacements.get(id);
        if (kept === null) return null;
        const settings = { ...kept.doc.settings, keepVerified: 0 };
        return { ...kept, doc: { ...kept.doc, settings } };
      },
    }),
};

/** Each slave counts as proven. */
const noProof: Defect = {
  audits: (audits) =>
    instead(audits, { lastWhole: async (slaves) => slaves.map(() => ({ at: 1, by: 'nobody' })) }),
};

const everyAddress = [0, 1, 2, 3].flatMap((third) =>
  Array.from({ length: 12 }, (_, last) => `10.0.${third}.${last}`),
);

/** The master's entry for a node is the first with its port, and a server is the first that listens there. */
const identityByPort: Defect = {
  engine: (engine) => withFacts(engine, (facts) => (facts.ips ? { ...facts, ips: everyAddress } : facts)),
};

/** A server is known by its run_id alone, which a copy of its configuration file has too. */
const identityByRunId: Defect = {
  engine: (engine) =>
    withFacts(engine, ({ server, ...facts }) => ({
      ...facts,
      ...(server && { server: { ...server, processId: 1, uptimeSeconds: 1000 } }),
    })),
};

/** What a node holds is judged by the largest size that its master ever had. */
const dumpOfThen: Defect = {
  engine: (engine) => {
    const largest = new Map<string, NonNullable<NodeFacts['sizes']>>();
    return withFacts(engine, (facts) => {
      const { sizes, server, replication } = facts;
      if (!sizes || !server?.runId || replication?.role !== 'master') return facts;
      const before = largest.get(server.runId);
      const most = before && before.sstBytes > sizes.sstBytes ? before : sizes;
      largest.set(server.runId, most);
      return { ...facts, sizes: most };
    });
  },
};

/** Nothing is known of pairs of versions. */
const noVersionPairs: Defect = {
  engine: (engine) => withCapabilities(engine, { slaveOf: [] }),
};

/** Another copy is believed to help against every cause, however often it did not. */
const remedyWithoutEnd: Defect = {
  plant: () => {
    const rows = Object.values(causes) as { copyHelps: CopyHelps }[];
    const before = rows.map(({ copyHelps }) => copyHelps);
    for (const row of rows) row.copyHelps = 'yes';
    return () =>
      rows.forEach((row, i) => {
        row.copyHelps = before[i]!;
      });
  },
};

/** Whatever keeps a node from its master, its bytes look like a refusal: the first cause that comes to mind is named. */
const causeByFirstMatch: Defect = {
  engine: (engine) =>
    withFacts(engine, (facts) => {
      const states = Object.values(facts.replication?.dbStates ?? {});
      const bytes = facts.stats?.replInputBytes ?? null;
      const isNeverConnected = states.length > 0 && states.every((state) => state === 'NoConnect');
      return isNeverConnected && facts.stats && bytes !== null
        ? { ...facts, stats: { ...facts.stats, replInputBytes: bytes + oneRefusalBytes } }
        : facts;
    }),
};

/** One question and its refusal (pika-facts 4.8). */
const oneRefusalBytes = 52;

const day = 86_400_000;

/** What is waited for is waited for without end. */
const waitWithoutEnd: Defect = {
  store: (store) =>
    instead(store, {
      get: async (id) => {
        const found = await store.get(id);
        const patient = { stallTimeoutMs: day, nodeDownTimeoutMs: day, masterBusyTimeoutMs: day };
        return found && { ...found, policy: { ...found.policy, ...patient } };
      },
    }),
};

export const defects = {
  no_fence: noFence,
  no_bytes_rule: noBytesRule,
  no_copy_bound: noCopyBound,
  no_data_check: noDataCheck,
  no_single_snapshot: noSingleSnapshot,
  no_batch_gate: noBatchGate,
  no_master_lock: noMasterLock,
  no_freeze: noFreeze,
  no_hold: noHold,
  hold_of_then: holdOfThen,
  no_keep_verified: noKeepVerified,
  no_proof: noProof,
  identity_by_port: identityByPort,
  identity_by_run_id: identityByRunId,
  dump_of_then: dumpOfThen,
  no_version_pairs: noVersionPairs,
  remedy_without_end: remedyWithoutEnd,
  cause_by_first_match: causeByFirstMatch,
  wait_without_end: waitWithoutEnd,
} as const satisfies Readonly<Record<string, Defect>>;
export type DefectName = keyof typeof defects;

import { comparedBy } from '../../src/core/plan/depth.ts';
import { completeShare } from '../../src/core/sync/full-sync-pass.ts';
import type { EventInput } from '../../src/model/events.ts';
import type { Expansion, Join } from '../../src/model/expansion.ts';
import { isActive } from '../../src/model/expansion.ts';
import { formatAddress } from '../../src/model/observation.ts';
import { comparePositions } from '../../src/simulator/binlog.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import { keyTypes } from '../../src/simulator/keyspace.ts';
import { isFailure, type Reply } from '../../src/simulator/reply.ts';
import { masterOf, type SimNode } from '../../src/simulator/world.ts';
import { createBounds } from './bounds.ts';
import { createFleetWitness, type FleetWitness } from './fleet-witness.ts';
import type { SentCommand } from './network.ts';
import type { Scenario } from './scenario.ts';
import { addressOf } from './servers.ts';
import { createTruth } from './truth.ts';

/** Causes that have passed when the next copy begins, and symptoms that are events. */
const mayComeAgain: ReadonlySet<string> = new Set([
  'snapshot_superseded',
  'reply_missed',
  'node_restarted',
  'master_still_syncing',
  'master_unreachable',
]);

export interface Violation {
  readonly promise: string;
  readonly text: string;
  readonly at: number;
}

/**
 * What the service cannot be expected to know: things that others did less than this before it acted. Its looks are
 * up to one interval and one wire old; a look that stalls is up to 5 s old.
 */
const unseenMs = 6500;
/** `POST /v1/freeze` keeps every worker from issuing a SLAVEOF after this long. */
const freezeWithinMs = 1000;

const readOnly: ReadonlySet<string> = new Set([
  'info',
  'lastsave',
  'config',
  'ping',
  'select',
  'scan',
  'auth',
  'client',
]);
const retention = 'expire-logs-nums';
const onNodes: ReadonlySet<string> = new Set(['slaveof', 'clearreplicationid']);

/** A slave that hears nothing gives up after 20 s (pika-facts 0.4). */
const givenUpAfterMs = 25_000;
const cutsOff: ReadonlySet<string> = new Set(['partition', 'silence', 'purge_binlog']);

interface NodeHistory {
  /** Since when it is in full sync; null = it is not. */
  syncingSince: number | null;
  /** When somebody else last did something to it (data, role, process). */
  meddledAt: number;
  /** When keys were taken from it behind everybody's back. */
  robbedAt: number;
  /** When its present master was set by somebody else; null = by the service, or none. */
  foreignMasterSince: number | null;
  /** Since when it holds keys that the service did not bring. */
  ownDataSince: number | null;
  comparedAt: number;
  /** Its present copy was replaced without a sign that anybody could have seen. */
  lossUnseen: boolean;
}

/**
 * Watches the promises from outside. It sees the commands as they arrive at the nodes, what the nodes really are and
 * hold, and the words that the service stores; of the service's reasoning it knows nothing.
 */
export interface Witness {
  readonly violations: readonly Violation[];
  sent(command: SentCommand): void;
  arriving(command: SentCommand): void;
  executed(command: SentCommand, reply: Reply): void;
  /** Somebody else did something to the node. */
  meddled(nodeId: string, what: 'process' | 'data' | 'role' | 'robbed'): void;
  comparisonBegan(nodeName: string): void;
  /** The service stored this; `before` is what was stored until now. */
  stored(before: Expansion, after: Expansion, events: readonly EventInput[]): void;
  frozen(since: number | null): void;
  /** The holder of the master was told that a dump is safe, until then at most; null = the holder has ended the hold. */
  safe(holdId: string, until: number | null): void;
  /** All expansions have ended, and no command is on its way. */
  ended(): void;
  report(promise: string, text: string): void;
  /** What is done with slaves that are there. */
  readonly fleet: FleetWitness;
}

export function createWitness(cluster: Cluster, scenario: Scenario): Witness {
  const violations: Violation[] = [];
  /** Servers by the names that requests give them. */
  const ids = new Map(cluster.nodes.map((node) => [formatAddress(addressOf(node)), node.id]));
  const idOf = ({ target }: Join): string => ids.get(target.name)!;
  const begunAt = cluster.now();
  const expansions = new Map<string, Expansion>();
  const histories = new Map<string, NodeHistory>();
  const highestEpoch = new Map<string, number>();
  const touched = new Set<string>();
  /** Also those that the service has only detached as yet: what they hold is the master's, or came afterwards. */
  const begun = new Set<string>();
  const released = new Set<string>();
  const ownRetention = cluster.node('m').settings.get(retention);
  let settingsLost = 0;
  let frozenSince: number | null = null;

  const buggy = scenario.version !== '3.5.5' && scenario.version !== '4.0.1';
  const now = (): number => cluster.now();

  const history = (id: string): NodeHistory => {
    const known = histories.get(id) ?? {
      syncingSince: null,
      meddledAt: Number.NEGATIVE_INFINITY,
      robbedAt: Number.NEGATIVE_INFINITY,
      foreignMasterSince: null,
      ownDataSince: null,
      comparedAt: Number.NEGATIVE_INFINITY,
      lossUnseen: false,
    };
    histories.set(id, known);
    return known;
  };

  const report = (promise: string, text: string): void => {
    violations.push({ promise, text, at: now() });
  };

  // ---- the nodes' own states

  const inFullSync = (node: SimNode): boolean =>
    node.alive && node.dbs.some(({ state }) => state === 'WaitDBSync' || state === 'TryDBSync');

  function noteSyncing(node: SimNode): void {
    const seen = history(node.id);
    if (!inFullSync(node)) {
      const waits = node.alive && node.dbs.some(({ state }) => state === 'WaitReply');
      if (!waits) seen.syncingSince = null;
      return;
    }
    seen.syncingSince ??= now();
    const join = joinOf(node.id);
    if (join && isUnderWay(join.join)) checkTogether(node, join);
  }

  const dumpSecond = new Map<unknown, number>();
  let dumpsInOneSecond = false;

  /**
   * LASTSAVE counts seconds: of two dumps in one it shows one. If by then nearly all bytes of the copy had come as well,
   * nothing but the data tells that it was replaced.
   */
  function noteDumps(node: SimNode, event: string, data: Readonly<Record<string, unknown>>): void {
    if (event === 'bgsave_finished' && node.id === 'm') {
      const second = Math.floor(now() / 1000);
      dumpsInOneSecond = second === dumpSecond.get(data.db);
      dumpSecond.set(data.db, second);
    }
    if (event === 'copy_started') history(node.id).lossUnseen = false;
    if (event === 'copy_superseded')
      history(node.id).lossUnseen =
        dumpsInOneSecond && Number(data.copied) >= completeShare * Number(data.of);
  }

  const note = cluster.world.note.bind(cluster.world);
  cluster.world.note = (node, event, data) => {
    note(node, event, data);
    noteDumps(node, event, data ?? {});
    if (event !== 'state' && !event.startsWith('process_')) return;
    noteSyncing(node);
    fleet.noted(node);
  };

  interface Place {
    readonly expansion: Expansion;
    readonly join: Join;
  }

  /** The node's place in the newest expansion that names it. */
  function joinOf(nodeId: string): Place | null {
    for (const expansion of [...expansions.values()].reverse()) {
      const join = expansion.joins.find((each) => idOf(each) === nodeId);
      if (join) return { expansion, join };
    }
    return null;
  }

  const truth = createTruth({
    cluster,
    scenario,
    nodeOf: (join) => nodeOf(join),
    meddledAt: (id) => history(id).meddledAt,
    report,
  });

  const bounds = createBounds({
    cluster,
    nodeOf: (join) => nodeOf(join),
    report,
  });

  const fleet = createFleetWitness({
    cluster,
    scenario,
    meddledAt: (id) => history(id).meddledAt,
    robbedAt: (id) => history(id).robbedAt,
    joinOf: (id) => joinOf(id),
    checkWhole: (node, said, by) => checkWhole(node, said, by, true),
    report,
  });

  const isUnderWay = (join: Join): boolean => isActive(join.phase) || join.leaving !== null;

  // ---- promise 1

  function limitOf(expansion: Expansion): number {
    if (buggy) return 1;
    // Nodes on ports of one host share its disk.
    const auto = scenario.servers.addressing === 'ports' ? 1 : 16;
    const wish = expansion.policy.batchSize === 'auto' ? auto : expansion.policy.batchSize;
    return Math.min(wish, 16);
  }

  /** Nodes that the service has in full sync on this master at this moment. */
  function checkTogether(node: SimNode, place: Place): void {
    const master = masterOf(cluster.world, node);
    const together = cluster.nodes.filter((each) => {
      if (!inFullSync(each) || masterOf(cluster.world, each) !== master) return false;
      const other = joinOf(each.id);
      return other !== null && isUnderWay(other.join) && touched.has(each.id);
    });
    const limit = limitOf(place.expansion);
    if (together.length > limit)
      report('1', `${names(together)} are in full sync of ${master?.id} together; ${limit} may be`);
  }

  /** Nodes in full sync that the service must have seen when it sent SLAVEOF. */
  function checkBesides(node: SimNode, place: Place, sentAt: number): void {
    const master = cluster.node('m');
    const others = cluster.nodes.filter((each) => {
      if (each === node || !inFullSync(each) || masterOf(cluster.world, each) !== master) return false;
      const since = history(each.id).syncingSince ?? now();
      const other = joinOf(each.id);
      const ours = other !== null && isUnderWay(other.join) && touched.has(each.id);
      const listed = master.slaves.some(({ ip, port }) => ip === each.host && port === each.port);
      return ours || (listed && since <= sentAt - unseenMs);
    });
    const limit = limitOf(place.expansion);
    if (others.length + 1 > limit)
      report('1', `SLAVEOF on ${node.id} while ${names(others)} were in full sync; ${limit} may be`);
  }

  const names = (nodes: readonly SimNode[]): string => nodes.map(({ id }) => id).join(', ');

  // ---- promise 2

  function checkBatch(place: Place): void {
    const { expansion, join } = place;
    const { onFailure, canary } = expansion.policy;
    const canaries = canary !== null && canary < expansion.joins.length ? canary : 0;
    const begunAt = join.attempts[0]?.startedAt ?? 0;
    const open = expansion.joins.filter(
      (each) =>
        (each.batch ?? 0) < (join.batch ?? 0) &&
        // Asked to be tried again while this one was at it already: it gets its turn afterwards.
        !(each.phase === 'waiting' && each.phaseSince > begunAt) &&
        each.phase !== 'verified' &&
        each.phase !== 'skipped' &&
        !(
          onFailure === 'skip' &&
          each.index >= canaries &&
          (each.phase === 'failed' || each.phase === 'quarantined')
        ),
    );
    if (open.length > 0)
      report(
        '2',
        `SLAVEOF on ${join.target.name} of batch ${(join.batch ?? 0) + 1} before ${open.map((each) => `${each.target.name} (${each.phase})`).join(', ')} was verified`,
      );
  }

  /** A node that was reported as detached stays detached: no late command of ours may attach it again. */
  function checkReleased({ expansion, join }: Place): void {
    const isOut = join.phase === 'cancelled' || join.phase === 'skipped';
    if (isOut && released.has(`${expansion.id} ${join.target.name}`))
      report('6', `SLAVEOF on ${join.target.name} after it was reported as ${join.phase} and detached`);
  }

  // ---- promise 3 and 4

  function checkPermission(node: SimNode, place: Place, command: SentCommand): void {
    const { target } = place.join;
    const seen = history(node.id);
    const earlier = command.sentAt - unseenMs;
    const ownData = seen.ownDataSince !== null && seen.ownDataSince <= earlier;
    if (isAttach(command.argv) && ownData && !target.overwriteData && !begun.has(node.id))
      report('3', `SLAVEOF on ${node.id}, which holds data, without overwriteData`);
    const attachedByOthers = seen.foreignMasterSince !== null && seen.foreignMasterSince <= earlier;
    const toTheSame =
      masterOf(cluster.world, node) === cluster.node('m') &&
      (seen.foreignMasterSince ?? 0) >= place.expansion.acceptedAt;
    if (attachedByOthers && !toTheSame && !target.repoint)
      report(
        '3',
        `${command.argv.join(' ')} on ${node.id}, which somebody else had attached to ${node.master?.host}:${node.master?.port}, without repoint`,
      );
    const slaves = node.slaves.length > 0;
    if (isAttach(command.argv) && slaves && history(node.id).meddledAt <= earlier)
      report('3', `SLAVEOF on ${node.id}, which has slaves of its own`);
  }

  /** The one setting of the master that is changed: its retention, where the request permits it and its version needs it. */
  function isPermittedSetting({ argv, node }: SentCommand, expansion: Expansion | undefined): boolean {
    const [word, verb, name] = argv.map((each) => each.toLowerCase());
    if (word !== 'config' || node !== 'm' || !expansion?.policy.mayRaiseBinlogRetention) return false;
    if (scenario.version !== '3.3.6') return false;
    if (verb === 'rewrite') return cluster.node('m').persisted.settings.get(retention) !== ownRetention;
    return verb === 'set' && name === retention && Number(argv[3]) >= Number(ownRetention);
  }

  function checkBorrowed(command: SentCommand, expansion: Expansion | undefined): void {
    if (expansion?.borrowed?.old !== ownRetention)
      report(
        '4',
        `${command.argv.join(' ')} was sent to ${command.node}, while what was stored as its own value is ${expansion?.borrowed?.old}, not ${ownRetention}`,
      );
  }

  /** A new dump of the master, where the request permits it and nobody copies the present one. */
  function isPermittedDump({ argv, node, sentAt }: SentCommand, expansion: Expansion | undefined): boolean {
    if (argv[0]!.toLowerCase() !== 'bgsave' || node !== 'm' || !expansion?.policy.mayAskForDump) return false;
    const copies = cluster.nodes.filter(
      (each) =>
        inFullSync(each) &&
        masterOf(cluster.world, each) === cluster.node('m') &&
        (history(each.id).syncingSince ?? now()) <= sentAt - unseenMs,
    );
    checkHolds('BGSAVE was sent to m');
    if (copies.length > 0) report('1', `BGSAVE was sent to m while ${names(copies)} copied`);
    return true;
  }

  function checkAddressee(command: SentCommand): boolean {
    const word = command.argv[0]!.toLowerCase();
    if (readOnly.has(word) && !(word === 'config' && command.argv[1]?.toLowerCase() !== 'get')) return false;
    const expansion = expansions.get(command.expansionId);
    if (isPermittedDump(command, expansion)) return true;
    if (isPermittedSetting(command, expansion)) {
      checkBorrowed(command, expansion);
      return true;
    }
    const named = expansion?.joins.some((join) => idOf(join) === command.node) ?? false;
    if (!onNodes.has(word) || !named)
      report(
        '4',
        `${command.argv.join(' ')} was sent to ${command.node}, which ${named ? 'gets only SLAVEOF' : 'the request does not name'}`,
      );
    return true;
  }

  // ---- promise 7 and the freeze

  function checkTurn(command: SentCommand): void {
    const highest = highestEpoch.get(command.expansionId) ?? 0;
    if (command.epoch < highest)
      report(
        '7',
        `${command.process} sent ${command.argv.join(' ')} to ${command.node} under lease ${command.epoch}, after lease ${highest} had acted`,
      );
    highestEpoch.set(command.expansionId, Math.max(highest, command.epoch));
  }

  function checkFreeze(command: SentCommand): void {
    if (frozenSince === null || command.argv[0]!.toLowerCase() !== 'slaveof') return;
    if (now() - frozenSince > freezeWithinMs)
      report(
        'freeze',
        `${command.argv.join(' ')} was sent to ${command.node} ${Math.round(now() - frozenSince)} ms after the global stop`,
      );
  }

  // ---- holds

  const safeUntil = new Map<string, number>();

  /** What was told to be safe stays so: nothing of ours makes the master dump, or offer its dump. */
  function checkHolds(what: string): void {
    for (const [id, until] of safeUntil)
      if (now() < until) report('hold', `${what} although a dump was told to be safe (${id})`);
  }

  function checkSafe(id: string): void {
    const copies = cluster.nodes.filter((node) => {
      const place = joinOf(node.id);
      const since = history(node.id).syncingSince;
      return (
        inFullSync(node) &&
        masterOf(cluster.world, node) === cluster.node('m') &&
        since !== null &&
        since <= now() - unseenMs &&
        place !== null &&
        isUnderWay(place.join) &&
        touched.has(node.id)
      );
    });
    if (copies.length > 0) report('hold', `${names(copies)} copied when a dump was told to be safe (${id})`);
  }

  // ---- promise 5

  /** Looked at once more at the end: whoever was called verified holds all data for as long as nobody meddles. */
  const verified: { readonly expansion: Expansion; readonly join: Join; readonly at: number }[] = [];

  /** Whether a slave can have lost touch with the master's binlog: it takes another full sync then, by itself. */
  const isCutOffSince = (at: number): boolean =>
    scenario.faults.some(
      (fault) => cutsOff.has(fault.kind) && begunAt + fault.at + fault.lastsMs + givenUpAfterMs > at,
    );

  const nodeOf = (join: Join): SimNode => cluster.node(idOf(join));

  const checkVerified = (expansion: Expansion, join: Join): void =>
    checkWhole(
      nodeOf(join),
      'was called verified',
      comparedBy(expansion.policy.verify, join.comparison?.chosen),
    );

  /** `fromData`: nobody watched it being copied, so that the data alone can tell. */
  function checkWhole(node: SimNode, said: string, by: Depth, fromData = false): void {
    const seen = history(node.id);
    if (now() - seen.meddledAt < unseenMs || seen.robbedAt > seen.comparedAt) return;
    const master = cluster.node('m');
    if (!master.alive || now() - history('m').meddledAt < unseenMs) return;
    if (masterOf(cluster.world, node) !== master) {
      report('5', `${node.id} ${said}, but is no slave of the master`);
      return;
    }
    const observed = cluster.observe(node.id);
    // That a key expires later on a slave, or never, is no missing data.
    const lost = (observed.lost ?? 0) - (observed.lostHow?.outlives ?? 0);
    const dataOnly = fromData || Number.isFinite(seen.robbedAt) || seen.lossUnseen;
    if (lost > 0 && (!dataOnly || mustHaveBeenSeen(lost, keyCount(master), by)))
      report('5', `${node.id} ${said}, but ${lost} keys of the master will never come`);
    else if (!node.dbs.every((db, i) => db.state === 'Connected' || behind(db.binlog.position, master, i)))
      report('5', `${node.id} ${said}, but its states are ${JSON.stringify(observed.states)}`);
  }

  /** Where only the data tell of a loss, a sample may miss a few keys, not many: its report says how few. */
  function mustHaveBeenSeen(lost: number, keys: number, { depth, samplePerType }: Depth): boolean {
    return depth === 'full' || (1 - Math.min(1, lost / keys)) ** samplePerType < 1e-6;
  }

  const behind = (
    position: { readonly file: number; readonly offset: number },
    master: SimNode,
    i: number,
  ): boolean => comparePositions(position, master.dbs[i]!.binlog.position) >= 0;

  const keyCount = (node: SimNode): number =>
    node.dbs.reduce(
      (total, db) => total + keyTypes.reduce((sum, type) => sum + db.keyspace.keys(type).size, 0),
      0,
    );

  return {
    violations,
    sent(command) {
      if (fleet.isOurs(command)) {
        if (readOnly.has(command.argv[0]!.toLowerCase())) return;
        fleet.sent(command);
      } else if (!checkAddressee(command)) return;
      checkTurn(command);
      checkFreeze(command);
    },
    arriving(command) {
      const word = command.argv[0]!.toLowerCase();
      if (!onNodes.has(word)) return;
      if (fleet.isOurs(command)) return fleet.arriving(command);
      const node = cluster.node(command.node);
      const place = joinOf(command.node);
      if (!place) return;
      checkPermission(node, place, command);
      if (!isAttach(command.argv)) return;
      const repeated = masterOf(cluster.world, node) === cluster.node('m');
      if (repeated) return;
      checkHolds(`SLAVEOF on ${node.id}`);
      checkReleased(place);
      checkBatch(place);
      checkBesides(node, place, command.sentAt);
    },
    executed(command, reply) {
      if (command.argv[0]!.toLowerCase() !== 'slaveof' || fleet.isOurs(command)) return;
      if (typeof reply === 'object' && reply !== null && isFailure(reply)) return;
      const seen = history(command.node);
      seen.foreignMasterSince = null;
      begun.add(command.node);
      if (!isAttach(command.argv)) return;
      touched.add(command.node);
      truth.attached(command.node);
      bounds.attached(command.node);
      seen.ownDataSince = null;
    },
    meddled(nodeId, what) {
      const node = cluster.node(nodeId);
      const seen = history(nodeId);
      if (what === 'robbed') seen.robbedAt = now();
      else seen.meddledAt = now();
      // A node that is down has taken no order.
      if (what === 'role' && node.alive) seen.foreignMasterSince = node.master === null ? null : now();
      // Who writes to a slave loses it with its next full sync, whoever asks for that: such keys are not its own.
      const isSlaveOfMaster = node.alive && masterOf(cluster.world, node) === cluster.node('m');
      if (what === 'data' && !isSlaveOfMaster)
        seen.ownDataSince = keyCount(node) > 0 ? (seen.ownDataSince ?? now()) : null;
    },
    comparisonBegan(nodeName) {
      const id = ids.get(nodeName);
      if (id) history(id).comparedAt = now();
    },
    stored(before, after, events) {
      expansions.set(after.id, after);
      truth.stored(before, after);
      bounds.stored(after);
      for (const { type, node, text } of events)
        if (type === 'node.detached' && text.includes(': detached from')) released.add(`${after.id} ${node}`);
      for (const { type, text } of events) {
        if (type === 'master.setting_lost') settingsLost += 1;
        // Nobody else touches it in any scenario.
        if (type === 'master.setting_left') report('4', text);
      }
      for (const join of after.joins) {
        if (join.phase === 'verified' && before.joins[join.index]?.phase !== 'verified') {
          verified.push({ expansion: after, join, at: now() });
          checkVerified(after, join);
        }
        const cause = join.triedCauses?.find(
          (code, index, all) => all.indexOf(code) < index && !mayComeAgain.has(code),
        );
        if (cause !== undefined && join.triedCauses !== before.joins[join.index]?.triedCauses)
          report('remedy', `${join.target.name}: another copy for ${cause}, which a copy did not cure`);
      }
    },
    frozen(since) {
      frozenSince = since;
    },
    safe(id, until) {
      if (until === null) safeUntil.delete(id);
      else safeUntil.set(id, until);
      if (until !== null) checkSafe(id);
    },
    ended() {
      fleet.ended();
      for (const { expansion, join, at } of verified) {
        // A rollback takes back what was verified.
        if (expansions.get(expansion.id)?.joins[join.index]?.phase !== 'verified') continue;
        const { meddledAt } = history(nodeOf(join).id);
        if (Math.max(meddledAt, history('m').meddledAt) < at && !isCutOffSince(at))
          checkVerified(expansion, join);
      }
      const { settings, persisted } = cluster.node('m');
      const now = [settings.get(retention), persisted.settings.get(retention)];
      if (settingsLost === 0 && now.some((value) => value !== ownRetention))
        report(
          '4',
          `${retention} of the master was ${ownRetention}, and is ${now.join(', in its file ')} at the end`,
        );
    },
    report,
    fleet,
  };
}

/** How thoroughly data were compared. */
type Depth = Pick<Expansion['policy']['verify'], 'samplePerType'> & { readonly depth: string };

const isAttach = (argv: readonly string[]): boolean =>
  argv[0]!.toLowerCase() === 'slaveof' && argv[1]!.toLowerCase() !== 'no';

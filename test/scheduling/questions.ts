import type { JoinPhase } from '../../src/model/expansion.ts';
import { createCluster, type SimulatedVersion } from '../../src/simulator/index.ts';
import { fill, MB, virtualService } from './virtual-service.ts';

export type SyncPhase = Extract<
  JoinPhase,
  'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying'
>;

/** Of a join, those in which its node and its master are looked at. */
const syncPhases: readonly SyncPhase[] = [
  'attaching',
  'snapshotting',
  'transferring',
  'swapping',
  'catching_up',
  'verifying',
];

/** Commands in a time, by the servers' own counts. */
export interface Questions {
  readonly seconds: number;
  readonly ofNode: number;
  readonly ofMaster: number;
}

const sampleEveryMs = 10;
const hour = 3_600_000;

/**
 * What one node and its master are asked at default settings while the node copies for about so long, in virtual time, by the
 * phase in which the service sees the node. `whole`: from SLAVEOF until the node is up and has caught up.
 */
export async function questionsOfSync(
  version: SimulatedVersion,
  copySeconds: number,
): Promise<{ readonly whole: Questions; readonly phases: ReadonlyMap<SyncPhase, Questions> }> {
  const cluster = createCluster({ seed: 7, dataScale: (copySeconds * 20 * MB) / (500 * 190) });
  fill(cluster, { master: 'm', nodes: ['n1'] }, version);
  cluster.startWrites('m', { perSecond: 20, mix: { update: 1 } });
  const counted: { readonly at: number; readonly ofNode: number; readonly ofMaster: number }[] = [];
  const [node, master] = [cluster.node('n1'), cluster.node('m')];
  cluster.world.clock.after(0, function count() {
    // Clients of the master are asked nothing: they write.
    const writes = [...master.counters.perCommand].filter(([name]) => !questions.has(name));
    const written = writes.reduce((sum, [, times]) => sum + times, 0);
    counted.push({
      at: cluster.now(),
      ofNode: node.counters.commands,
      ofMaster: master.counters.commands - written,
    });
    cluster.world.clock.after(sampleEveryMs, count);
  });
  const service = virtualService(cluster);
  await service.accept('e', 'm', ['n1'], { forecastTolerance: null });
  service.startProcess();
  await service.until(() => service.ended('e'), hour);
  const { state, joins } = await service.get('e');
  if (state !== 'succeeded') throw new Error(`the expansion has ${state}`);
  const entered = joins[0]!.phases;
  const until = (at: number) => counted.find((sample) => sample.at >= at) ?? counted.at(-1)!;
  const between = (from: number, to: number): Questions => ({
    seconds: (to - from) / 1000,
    ofNode: until(to).ofNode - until(from).ofNode,
    ofMaster: until(to).ofMaster - until(from).ofMaster,
  });
  const phases = new Map<SyncPhase, Questions>();
  for (const [index, { phase, at }] of entered.entries()) {
    const next = entered[index + 1];
    if (next === undefined || !isSyncPhase(phase)) continue;
    const known = phases.get(phase);
    phases.set(phase, together(known ? [known, between(at, next.at)] : [between(at, next.at)]));
  }
  const ofSync = [...phases].filter(([phase]) => phase !== 'verifying').map(([, asked]) => asked);
  return { whole: together(ofSync), phases };
}

const questions: ReadonlySet<string> = new Set(['info', 'lastsave', 'ping', 'config', 'slaveof', 'client']);

const isSyncPhase = (phase: JoinPhase): phase is SyncPhase =>
  (syncPhases as readonly JoinPhase[]).includes(phase);

const together = (parts: readonly Questions[]): Questions => ({
  seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
  ofNode: parts.reduce((sum, { ofNode }) => sum + ofNode, 0),
  ofMaster: parts.reduce((sum, { ofMaster }) => sum + ofMaster, 0),
});

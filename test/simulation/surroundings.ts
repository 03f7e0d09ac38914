/** What a fault can reach, and by what it acts. */
import type { Cluster } from '../../src/simulator/cluster.ts';
import type { Random } from '../../src/simulator/random.ts';
import type { DatabaseTrouble } from './database.ts';
import type { BellTrouble } from './doorbell.ts';
import type { Network } from './network.ts';
import type { ServiceProcess } from './process.ts';
import type { PlannedFault, Scenario } from './scenario.ts';
import type { Witness } from './witness.ts';

export interface Surroundings {
  readonly cluster: Cluster;
  readonly network: Network;
  readonly database: DatabaseTrouble;
  readonly bells: BellTrouble;
  readonly witness: Witness;
  readonly random: Random;
  readonly scenario: Scenario;
  /** The processes that live now. */
  readonly processes: () => readonly ServiceProcess[];
  /** Starts a process in the place of one that has ended. */
  readonly startProcess: () => void;
  /** What happens to the process that comes next to a named point of the worker; `share` chooses the point. */
  readonly armPoint: (share: number, act: (process: ServiceProcess) => void) => void;
  /** SIGTERM: its sessions are asked to hand over. */
  readonly stopProcess: (process: ServiceProcess) => void;
  readonly control: (share: number) => void;
  readonly freeze: (on: boolean) => void;
  readonly tell: (text: string) => void;
}

export type Injector = (around: Surroundings, fault: PlannedFault) => void;

/** Runs a command as somebody who has nothing to do with the service. False = the node did not take it. */
export function byOthers(around: Surroundings, id: string, argv: readonly string[]): boolean {
  try {
    around.cluster.execute(id, argv);
    return true;
  } catch {
    return false;
  }
}

export function later({ cluster }: Surroundings, ms: number, run: () => void): void {
  cluster.world.clock.after(ms, run);
}

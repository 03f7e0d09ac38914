import type { AgentRequest } from '../agent/index.ts';
import type { BackedUp } from '../backup/index.ts';
import type { SimulateParts, SimulateRequest } from '../demo/simulate.ts';
import type { LogReport } from '../model/full-sync-log.ts';
import type { Language, Reader } from '../model/text.ts';
import type { RecordRequest, Silent } from '../replay/record.ts';
import type { Verification } from '../verify/index.ts';
import type { TrailVerification } from '../verify/trail.ts';

/** What `serve` may override of the configuration. */
export interface ServeOptions {
  readonly role?: 'all' | 'api' | 'worker';
  readonly host?: string;
  readonly port?: number;
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly configFile?: string;
}

type Place = Pick<ServeOptions, 'dataDir' | 'configFile'>;

/** The parts of the product that the command line starts; loaded only when asked for. */
export interface Entrances {
  /** Runs the service until a signal stops it; the exit code. */
  serve(options: ServeOptions): Promise<number>;
  /** Writes a backup of the service's database to a new file. */
  backup(path: string, options: Place & { readonly verify: boolean }): Promise<BackedUp>;
  /** Puts a backup in the place of what the database holds. */
  restore(path: string, options: Place & { readonly replace: boolean }): Promise<Omit<BackedUp, 'verified'>>;
  /** Notes that other means have restored the database. */
  markRestored(options: Place): Promise<void>;
  /** Shows the failure and the cure. `keep`: leaves the service running at the end, until Ctrl-C. */
  demo(options: { readonly keep?: boolean; readonly language: Language }): Promise<number>;
  /** Serves simulated nodes until the signal. */
  simulate(request: SimulateRequest, parts: SimulateParts): Promise<void>;
  /** Runs a recording through the tracker; the result as it is printed by `replay --json`. */
  replay(path: string, reader: Reader): Promise<unknown>;
  /** Checks a file of evidence; `key`: an id, a file, or null. Throws EvidenceFileError. */
  verifyEvidence(path: string, key: string | null): Promise<Verification>;
  /** Checks an export of the trail: a file, or its text as it comes. Throws EvidenceFileError. */
  verifyTrail(
    source: string | AsyncIterable<string>,
    checks: { readonly head: string | null; readonly key: string | null },
  ): Promise<TrailVerification>;
  /** Records what servers say about themselves until the signal ends it; who never answered. */
  record(request: RecordRequest): Promise<readonly Silent[]>;
  /** What log files tell of full syncs. */
  logs(paths: readonly string[], masterPaths: readonly string[], reader: Reader): Promise<LogReport>;
  /** Watches the servers of this host until the signal ends it. */
  agent(request: AgentRequest): Promise<void>;
  /** The report that an agent would send now, as JSON. */
  agentReport(request: AgentRequest): Promise<string>;
}

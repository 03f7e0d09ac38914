import type { Capabilities } from '../model/capabilities.ts';
import type { RenamedCommand } from '../model/commands.ts';
import type { NodeCommand, NodeTarget } from '../model/expansion.ts';
import type { Knowledge } from '../model/knowledge.ts';
import type { NotAllowed } from '../model/not-allowed.ts';
import type { Address, Look, LookSection, NodeFacts } from '../model/observation.ts';

/** How to log in, and where that may be sent. Plain data: comparisons hand it to a thread. */
export interface Credential {
  readonly username: string | null;
  readonly password: string | null;
  /** Absent = the default one. */
  readonly name?: string;
  /** Hosts, networks and name patterns to which it may be sent (node-access.ts); absent = to loopback only. */
  readonly nodes?: readonly string[];
  /** Whether that list was given for this credential, rather than for all that have none. */
  readonly ownList?: boolean;
  /** Names that `rename-command` of the servers gives to commands. Those of 8 characters and more are hidden as passwords are. */
  readonly commands?: Readonly<Partial<Record<RenamedCommand, string>>>;
}

export interface LookOptions {
  readonly sections: readonly LookSection[];
  /** A reply later than this reads as busy. Milliseconds. */
  readonly timeoutMs: number;
  /** Password against which the node's masterauth is compared (section config). Never logged, never returned. */
  readonly masterPassword?: string | null;
}

export type CommandResult =
  | { readonly outcome: 'ok'; readonly reply: string; readonly tookMs: number }
  /** The node answered with an error: nothing happened. */
  | { readonly outcome: 'refused'; readonly reply: string; readonly tookMs: number }
  /** No answer: it may have happened, or may still happen. */
  | { readonly outcome: 'unknown'; readonly reply: string; readonly tookMs: number };

/** A kept connection to one node. */
export interface NodeConnection {
  /** Never throws: what goes wrong is a look too. */
  look(options: LookOptions): Promise<Look>;
  /**
   * Sends one command of the closed list of `NodeCommand`. Never retries by itself. `isStillRight` is asked right before
   * the command goes out, which can be long after the call: other work comes first, and the node may be slow.
   */
  command(command: NodeCommand, timeoutMs: number, isStillRight?: () => boolean): Promise<CommandResult>;
  /** Round trip of a PING in milliseconds; null = no answer. */
  ping(timeoutMs: number): Promise<number | null>;
  close(): void;
}

/** How to talk to one kind of server. */
export interface Engine {
  readonly kind: string;
  connect(target: NodeTarget, credential: Credential | null): NodeConnection;
  /**
   * Why the service may not make nodes follow the master at this address; null = it may. Nodes send it the password
   * that they hold for their master, which the credential stands for.
   */
  objectionToFollow(master: Address, credential: Credential | null): Promise<NotAllowed | null>;
  /** What the version can do, from what the node said; needs the sections server and replication. */
  capabilities(facts: NodeFacts): Capabilities;
  /** What is known of the releases of this kind of server. */
  readonly knowledge: Knowledge;
}

/** Names of passwords; the values stay in the configuration. */
export interface CredentialSource {
  /** The credential of that name; null name = the default one. null = none configured. Throws on an unknown name. */
  get(name: string | null): Credential | null;
  readonly names: readonly string[];
}

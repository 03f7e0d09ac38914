import { networkInterfaces } from 'node:os';
import { isLoopback } from '../../model/addresses.ts';
import { wordsOf } from '../../model/commands.ts';
import { needsNoPassword } from '../../model/error-replies.ts';
import type { NodeCommand, NodeTarget } from '../../model/expansion.ts';
import { refusedLook } from '../../model/not-allowed.ts';
import type { Address, DerivedPort, Look, NodeFacts } from '../../model/observation.ts';
import { portShifts } from '../../model/versions.ts';
import type { Network } from '../../platform/network.ts';
import { isOutOfFiles } from '../../platform/open-files.ts';
import { withTexts } from '../../platform/secrets.ts';
import { ProtocolError } from '../../resp/reader.ts';
import type { CommandResult, Credential, LookOptions, NodeConnection } from '../engine.ts';
import { type Access, AccessRefused } from '../node-access.ts';
import { capabilitiesOf } from './capabilities.ts';
import { firstLine, type Link, LinkError, openLink, type Reply, underNames } from './link.ts';
import { DeniedReply, deniedReply, readFacts } from './read-look.ts';

export interface ConnectionOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wires: Wires;
  /** Takes configured secrets out of what a node says: it may say what was sent to it. */
  readonly clean: (text: string) => string;
  /** The same for what is decided on: a short secret may be part of a host's name or of a word of Pika's. */
  readonly cleanFacts: (text: string) => string;
}

/** What a connection needs of the world: links to nodes, and time-outs. Another one can run in virtual time. */
export interface Wires {
  readonly open: (address: Address, signal: AbortSignal, access: Access) => Promise<Link>;
  /** The addresses under which others may know the server at the other end of a connection, given that end's address. */
  readonly ips: (connectedTo: string) => readonly string[];
  /** Calls `run` after so long; the result takes that back. Milliseconds. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** TCP and the process' own timers. */
export const wiresOver = (network?: Network): Wires => ({
  open: (...args) => openLink(...args, network),
  ips: (connectedTo) => {
    const plain = connectedTo.replace(/^::ffff:(?=\d+\.)/, '');
    return isLoopback(plain) ? [plain, ...addressesOfThisMachine()] : [plain];
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
});

/** A server that is met at loopback runs here, and announces an address of this machine to its master. */
const addressesOfThisMachine = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  );

/** How far a piece of work came; it decides what a failure means. */
interface Work {
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
  stage: 'queued' | 'connecting' | 'connected' | 'sent';
}

type Outcome<Result> = { readonly at: number; readonly tookMs: number; readonly work: Work } & (
  | { readonly result: Result }
  | { readonly failure: unknown }
);

/**
 * A kept connection to one Pika. Work is done one piece at a time. Whenever a reply does not come in time the
 * link is given up, so that the late reply cannot be taken for that of a later command; the next piece of work
 * opens a new one, as it does after Pika has closed an idle one (`timeout`, 60 s by default).
 */
export class PikaConnection implements NodeConnection {
  private readonly target: NodeTarget;
  private readonly credential: Credential | null;
  private readonly options: ConnectionOptions;
  private link: Link | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private known: NodeFacts = {};
  private closed = false;
  /** Of the server at the other end of the present link; null = they are not known. */
  private ips: readonly string[] | null = null;
  /** When the present link answered a ping of the caller. */
  private pingedAt = Number.NEGATIVE_INFINITY;
  /** When the present link answered INFO server. */
  private serverSaidAt = Number.NEGATIVE_INFINITY;

  constructor(target: NodeTarget, credential: Credential | null, options: ConnectionOptions) {
    this.target = target;
    this.credential = credential;
    this.options = options;
  }

  /** Never throws. `at` of the look is the time of its last reply, or of its failure. */
  async look(options: LookOptions): Promise<Look> {
    const outcome = await this.inTurn(options.timeoutMs, (work) => this.readTwice(work, options));
    const { at, tookMs } = outcome;
    if ('failure' in outcome) return withTexts(failedLook(outcome.failure, outcome), this.options.clean);
    const facts = withTexts(outcome.result, this.options.cleanFacts);
    this.known = { ...this.known, ...facts };
    return { kind: 'answered', at, tookMs, facts };
  }

  /** Never throws and never repeats: a command that may have been sent without a reply is `unknown`. */
  async command(
    command: NodeCommand,
    timeoutMs: number,
    isStillRight?: () => boolean,
  ): Promise<CommandResult> {
    const outcome = await this.inTurn(timeoutMs, async (work) => {
      const link = await this.livingLink(work);
      if (isStillRight?.() === false) throw new LinkError('ESTALE', 'its turn came too late');
      if (!link.usable) throw new LinkError('ECLOSED', 'the connection was given up');
      work.stage = 'sent';
      const [reply] = await link.send([wordsOf(command)]);
      return reply as Reply;
    });
    return withTexts(commandResult(outcome), this.options.clean);
  }

  /** Round trip of a PING in milliseconds; null = no answer. */
  async ping(timeoutMs: number): Promise<number | null> {
    const outcome = await this.inTurn(timeoutMs, async (work) => {
      const link = await this.livingLink(work);
      const startedAt = this.options.now();
      await sendPing(link);
      this.pingedAt = this.options.now();
      return this.pingedAt - startedAt;
    });
    return 'failure' in outcome ? null : outcome.result;
  }

  close(): void {
    this.closed = true;
    this.dropLink();
  }

  /**
   * Runs one piece of work after those before it, and ends it when its time is up; the wait for its turn counts.
   * Whatever fails takes the link with it.
   */
  private async inTurn<Result>(
    timeoutMs: number,
    run: (work: Work) => Promise<Result>,
  ): Promise<Outcome<Result>> {
    const startedAt = this.options.now();
    const stop = new AbortController();
    const cancelTimer = this.options.wires.after(timeoutMs, () => stop.abort());
    const work: Work = { signal: stop.signal, stage: 'queued' };
    const before = this.turn;
    const done = before.then(() => this.bounded(work, run));
    this.turn = done.catch(() => undefined);
    const ended = (): { at: number; tookMs: number; work: Work } => {
      const at = this.options.now();
      return { at, tookMs: at - startedAt, work };
    };
    try {
      const result = await orAborted(done, stop.signal);
      return { ...ended(), result };
    } catch (failure) {
      return { ...ended(), failure };
    } finally {
      cancelTimer();
    }
  }

  private async bounded<Result>(work: Work, run: (work: Work) => Promise<Result>): Promise<Result> {
    if (work.signal.aborted) throw new LinkError('ETIMEDOUT', 'its turn did not come within the limit');
    if (this.closed) throw new LinkError('ECLOSED', 'the connection was closed by the service');
    const giveUp = () => this.dropLink();
    work.signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await run(work);
    } catch (error) {
      this.dropLink();
      throw error;
    } finally {
      work.signal.removeEventListener('abort', giveUp);
    }
  }

  /** Reads; once more over a new link when a kept one turns out to have been closed by the node meanwhile. */
  private async readTwice(work: Work, options: LookOptions): Promise<NodeFacts> {
    const kept = this.link?.usable === true;
    try {
      return await this.read(work, options);
    } catch (error) {
      if (!kept || work.signal.aborted || this.closed || !(error instanceof LinkError)) throw error;
      this.dropLink();
      return await this.read(work, options);
    }
  }

  private async read(work: Work, options: LookOptions): Promise<NodeFacts> {
    const link = await this.openedLink(work);
    const sections = new Set(options.sections);
    // Over one link it is one process: a restart ends the link.
    const isBesideOthers = sections.has('server') && sections.has('replication');
    const server = isBesideOthers ? this.serverSaidLately() : undefined;
    if (server) sections.delete('server');
    const said = await readFacts(link, {
      sections,
      passwords: { master: options.masterPassword ?? null, login: this.loginPassword() },
      mayAskData: (facts) => !capabilitiesOf(facts).infoDataIsCostly,
      known: this.known,
    });
    if (said.server) this.serverSaidAt = this.options.now();
    const facts = server ? { server, ...said } : said;
    const ports = await this.tryPorts({ ...this.known, ...facts }, options);
    return { ...facts, ...ports, ...(this.ips && { ips: this.ips }) };
  }

  private serverSaidLately(): NodeFacts['server'] {
    const isLately = Math.abs(this.options.now() - this.serverSaidAt) < serverSaidForMs;
    return isLately ? this.known.server : undefined;
  }

  /** Connects to the ports that a full sync needs besides that of the node, and says nothing there. */
  private async tryPorts(facts: NodeFacts, { sections, timeoutMs }: LookOptions): Promise<NodeFacts> {
    const roles = (['master', 'slave'] as const).filter((role) => sections.includes(`${role}_ports`));
    if (roles.length === 0) return {};
    const { address } = this.target;
    const { version } = capabilitiesOf(facts);
    const shifts = roles.flatMap((role) => portShifts(version, role));
    const tries = shifts
      .filter((shift) => address.port + shift <= highestPort)
      .map((shift) => this.tryPort(shift, timeoutMs));
    return { derivedPorts: await Promise.all(tries) };
  }

  private async tryPort(shift: number, timeoutMs: number): Promise<DerivedPort> {
    const { host, port } = this.target.address;
    const { wires } = this.options;
    const stop = new AbortController();
    const cancel = wires.after(Math.min(portLimitMs, timeoutMs * shareForPorts), () => stop.abort());
    const opened = wires.open({ host, port: port + shift }, stop.signal, this.access);
    // A link that comes too late is closed too.
    opened.then((link) => link.destroy()).catch(() => undefined);
    const outcome = await orAborted(opened, stop.signal).then(() => 'open' as const, outcomeOf);
    cancel();
    return { port: port + shift, shift, outcome };
  }

  private get access(): Access {
    return { asked: this.target.address, credential: this.credential };
  }

  /** requirepass is the password of the default user; that of an ACL user says nothing about it. */
  private loginPassword(): string | null {
    const { username, password } = this.credential ?? { username: null, password: null };
    return username === null || username === 'default' ? password : null;
  }

  private async openedLink(work: Work): Promise<Link> {
    if (this.link?.usable) {
      work.stage = 'connected';
      return this.link;
    }
    this.dropLink();
    work.stage = 'connecting';
    const opened = await this.options.wires.open(this.target.address, work.signal, this.access);
    const link = underNames(opened, this.credential?.commands);
    this.link = link;
    this.ips = link.connectedTo === null ? null : this.options.wires.ips(link.connectedTo);
    work.stage = 'connected';
    if (work.signal.aborted || this.closed) link.destroy();
    await logIn(link, this.credential);
    return link;
  }

  /** A link that has just answered, so that no command is lost in a link that the node has closed. */
  private async livingLink(work: Work): Promise<Link> {
    if (!this.link?.usable) return await this.openedLink(work);
    if (Math.abs(this.options.now() - this.pingedAt) <= justAnsweredMs) return this.link;
    try {
      await sendPing(this.link);
      return this.link;
    } catch (error) {
      if (work.signal.aborted || !(error instanceof LinkError)) throw error;
      this.dropLink();
      return await this.openedLink(work);
    }
  }

  private dropLink(): void {
    this.pingedAt = Number.NEGATIVE_INFINITY;
    this.serverSaidAt = Number.NEGATIVE_INFINITY;
    this.link?.destroy();
    this.link = null;
  }
}

/** Whoever has asked so shortly before a command need not wait for a second answer. */
const justAnsweredMs = 1000;

/** The uptime in these facts is so old at most; the time of a node's start is known to 5 s (core/plan/preflight-servers.ts). */
const serverSaidForMs = 2000;

const highestPort = 65_535;
/** A port that is open answers within one round trip. */
const portLimitMs = 1000;
/** What of the time of a look may go into ports that do not answer. */
const shareForPorts = 0.25;

/** The server refuses, or a firewall that rejects: its answer is EHOSTUNREACH, EACCES or alike. Silence ends at the limit. */
const outcomeOf = (error: unknown): DerivedPort['outcome'] =>
  error instanceof LinkError && error.code !== 'ETIMEDOUT' ? 'refused' : 'no_answer';

/** Settles as the promise does, or rejects when the signal comes first; the promise is not left unhandled. */
function orAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new LinkError('ETIMEDOUT', 'no answer within the limit'));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function sendPing(link: Link): Promise<void> {
  const [reply] = await link.send([['PING']]);
  if (!reply || 'error' in reply)
    throw deniedReply(reply?.error ?? '') ?? new ProtocolError('PING is answered with an error');
}

/** `AUTH password`, or `AUTH user password` for an ACL user (3.5.3+). A node without a password says so; that is fine. */
async function logIn(link: Link, credential: Credential | null): Promise<void> {
  if (credential?.password == null) return;
  const { username, password } = credential;
  const [reply] = await link.send([username === null ? ['AUTH', password] : ['AUTH', username, password]]);
  if (!reply || 'value' in reply) {
    if (reply?.value === 'OK') return;
    throw new ProtocolError('AUTH is answered with neither OK nor an error');
  }
  if (needsNoPassword(reply.error)) return;
  throw deniedReply(reply.error) ?? new DeniedReply('AUTH', reply.error);
}

function commandResult(outcome: Outcome<Reply>): CommandResult {
  const { tookMs, work } = outcome;
  if ('failure' in outcome) {
    if (outcome.failure instanceof DeniedReply || outcome.failure instanceof AccessRefused)
      return { outcome: 'refused', reply: firstLine(outcome.failure.message), tookMs };
    const what = work.stage === 'sent' ? 'no reply' : 'not sent';
    return { outcome: 'unknown', reply: `${what}: ${textOf(outcome.failure)}`, tookMs };
  }
  const reply = outcome.result;
  if ('error' in reply) return { outcome: 'refused', reply: reply.error, tookMs };
  const done = reply.value === 'OK' || reply.value === 'Background saving started';
  if (done) return { outcome: 'ok', reply: String(reply.value), tookMs };
  return { outcome: 'unknown', reply: `unexpected reply: ${firstLine(String(reply.value))}`, tookMs };
}

function textOf(failure: unknown): string {
  return firstLine(failure instanceof Error ? failure.message : String(failure));
}

function failedLook(
  failure: unknown,
  { at, tookMs, work }: Omit<Outcome<unknown>, 'result' | 'failure'>,
): Look {
  const message = textOf(failure);
  if (failure instanceof AccessRefused) return refusedLook(failure.notAllowed, at);
  if (failure instanceof ProtocolError) return { kind: 'garbled', at, message };
  if (failure instanceof DeniedReply) return { kind: 'denied', at, code: failure.code, message };
  if (work.signal.aborted && work.stage !== 'connecting') return { kind: 'busy', at, tookMs };
  const code = failure instanceof LinkError ? failure.code : 'EUNKNOWN';
  // It says something of this process, and nothing of the node.
  if (isOutOfFiles(failure)) return { kind: 'busy', at, tookMs };
  return { kind: 'unreachable', at, code, message };
}

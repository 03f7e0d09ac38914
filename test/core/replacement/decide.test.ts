import { describe, expect, test } from 'vitest';
import { replacementControlProblem } from '../../../src/core/replacement/controls.ts';
import {
  actSettlesMs,
  type DetachReply,
  decideReplacement,
  type NewNodesAdmission,
  questionOf,
  type ReplacementDecision,
  type ReplacementInput,
  wantedLooks,
} from '../../../src/core/replacement/decide.ts';
import type { Expansion, ExpansionState, JoinPhase } from '../../../src/model/expansion.ts';
import type { ListedSlave, Look } from '../../../src/model/observation.ts';
import { because } from '../../../src/model/reasons.ts';
import { replacementHasEnded } from '../../../src/model/states.ts';
import type { Said } from '../../../src/model/text.ts';
import { newExpansion } from '../../support/expansions.ts';
import { aReplacement, masterName, newName, oldName } from '../../support/replacements.ts';
import { aMaster, aNode, now, type ServerChanges, slaveOf } from '../plan/preflight-support.ts';

const keptName = '10.0.0.3:9221';
const silence: Look = { kind: 'unreachable', at: now, code: 'ECONNREFUSED', message: 'refused' };
const cancel = { by: 'ann', reason: 'peak', at: now };

interface Node {
  follows: boolean | 'other';
  listed: boolean;
  proven: boolean;
  linkUp: boolean;
  silent: boolean;
  readers: number;
  ownSlaves: number;
}
const slave = (changes: Partial<Node> = {}): Node => ({
  follows: true,
  listed: true,
  proven: true,
  linkUp: true,
  silent: false,
  readers: 0,
  ownSlaves: 0,
  ...changes,
});

/** A replacement beside a master and its slaves, led from turn to turn, a second each. */
class Play {
  readonly nodes = new Map<string, Node>([
    [oldName, slave({ proven: false })],
    [keptName, slave()],
  ]);
  doc;
  time = now;
  last!: ReplacementDecision;
  expansion: Expansion | null | undefined;
  admission: NewNodesAdmission | null = null;
  cancel: ReplacementInput['cancel'] = null;
  approval: ReplacementInput['approval'] = null;
  frozen: ReplacementInput['frozen'] = null;
  /** What others answer; absent = null. */
  hold = new Map<string, Said | undefined>();
  inUse = new Map<number, string>();
  unplaced: readonly string[] = [];
  reply: DetachReply | null = null;
  /** What becomes of a command: `lost` = it happens, nobody hears; `dies` = it does not happen, nobody hears. */
  acts: 'ok' | 'lost' | 'dies' | 'refused' = 'ok';
  readonly sent: string[] = [];
  readonly events: string[] = [];

  constructor(request: Parameters<typeof aReplacement>[2] = {}) {
    this.doc = aReplacement('rep_1', now, request);
  }

  /** The new node is verified, and so a slave of the master. */
  verified(name = newName, phase: JoinPhase = 'verified', state: ExpansionState = 'succeeded'): this {
    const fresh = newExpansion({ id: 'exp_1', nodes: [name] });
    this.expansion = { ...fresh, state, joins: fresh.joins.map((join) => ({ ...join, phase })) };
    this.admission = { kind: 'accepted', expansion: this.expansion };
    if (phase === 'verified') this.nodes.set(name, slave());
    return this;
  }

  #seen(name: string, wantsClients: boolean) {
    const node = this.nodes.get(name)!;
    const facts = wantsClients
      ? {
          clients: [
            { ip: '10.9.9.9', port: 1, idleSeconds: 0, own: true },
            ...Array.from({ length: node.readers }, (_, at) => ({
              ip: '10.0.0.9',
              port: 50 + at,
              idleSeconds: 0,
              own: false,
            })),
          ],
        }
      : {};
    const following = slaveOf(node.follows === 'other' ? '10.0.0.8' : '10.0.0.1', 9221, {
      linkStatus: node.linkUp ? 'up' : 'down',
      connectedSlaves: node.ownSlaves,
    });
    const changes: ServerChanges = {
      ...(node.silent ? { look: silence } : {}),
      facts,
      replication: node.follows === false ? {} : following,
    };
    return aNode(name, changes);
  }

  turn(): this {
    const wanted = wantedLooks(this.doc, this.time);
    const listed: ListedSlave[] = [...this.nodes]
      .filter(([, node]) => node.listed)
      .map(([name]) => ({ ip: name.split(':')[0]!, port: 9221, lag: { db0: 0 } }));
    const master = aMaster({ facts: { ips: ['10.0.0.1'] }, replication: { slaves: listed } }, masterName);
    const olds = new Map(
      [...(wanted?.olds ?? [])].map(([index, sections]) => [
        index,
        this.#seen(this.doc.pairs[index]!.old.name, sections.includes('clients')),
      ]),
    );
    const going = this.doc.pairs.map(({ old }) => old.name);
    const slaves = [...this.nodes.keys()]
      .filter((name) => !going.includes(name) && this.nodes.get(name)!.listed)
      .map((name) => ({
        seen: this.#seen(name, false),
        proof: this.nodes.get(name)!.proven ? { at: now, by: 'exp_0' } : null,
      }));
    const answers = new Map<string, Said | null>(
      this.doc.pairs.flatMap((pair): [string, Said | null][] => {
        const question = questionOf(this.doc, pair);
        if (question === null) return [];
        const step = `${pair.old.name} ${question.step}`;
        if (!this.hold.has(step)) return [[question.id, null]];
        const answer = this.hold.get(step);
        return answer === undefined ? [] : [[question.id, answer]];
      }),
    );
    this.last = decideReplacement({
      replacement: this.doc,
      now: this.time,
      epoch: 1,
      cancel: this.cancel,
      approval: this.approval,
      admission: this.doc.newNodes?.state === 'starting' ? this.admission : null,
      ...(this.doc.newNodes?.state === 'running' ? { expansion: this.expansion ?? null } : {}),
      frozen: this.frozen,
      master: wanted === null ? null : master,
      olds,
      inUse: this.inUse,
      others: wanted?.others ? { slaves, unplaced: this.unplaced } : null,
      answers,
      reply: this.reply,
    });
    this.reply = null;
    this.doc = JSON.parse(JSON.stringify(this.last.replacement)) as typeof this.doc;
    this.events.push(...this.last.events.map(({ type }) => type.replace('replacement.', '')));
    const { command } = this.last;
    if (command !== null) this.#act(command);
    this.time += 1000;
    return this;
  }

  #act({ index, intentId }: NonNullable<ReplacementDecision['command']>): void {
    const { name } = this.doc.pairs[index]!.old;
    this.sent.push(name);
    const node = this.nodes.get(name)!;
    if (this.acts === 'ok' || this.acts === 'lost') {
      node.follows = false;
      node.listed = false;
    }
    if (this.acts === 'ok') this.reply = { index, intentId, outcome: 'ok', text: 'OK' };
    if (this.acts === 'refused') this.reply = { index, intentId, outcome: 'refused', text: 'ERR no' };
  }

  turns(count: number): this {
    for (let at = 0; at < count; at += 1) this.turn();
    return this;
  }

  until(is: () => boolean): this {
    for (let at = 0; !is(); at += 1) {
      if (at > 2000) throw new Error(`it never came: ${JSON.stringify(this.doc.pairs)}`);
      this.turn();
    }
    return this;
  }

  toEnd = (): this => this.until(() => replacementHasEnded(this.doc.state));
  get phases(): string {
    return this.doc.pairs.map(({ phase }) => phase).join(' ');
  }
  get why(): string | undefined {
    return this.doc.pairs[0]!.reason?.code;
  }
}

describe('a replacement', () => {
  test('adds the new node, and then takes the old one out', () => {
    const play = new Play();
    play.turn();
    expect([play.last.begin, play.doc.newNodes?.state]).toEqual([true, 'starting']);
    play.verified().toEnd();
    expect([play.doc.state, play.phases]).toEqual(['succeeded', 'done']);
    expect(play.events).toEqual([
      'expansion_started',
      'new_verified',
      'withdrawn',
      'drained',
      'detaching',
      'detached',
      'done',
      'succeeded',
    ]);
    expect(play.sent).toEqual([oldName]);
  });

  test('touches no old node before its new one is verified', () => {
    const play = new Play().verified(newName, 'verifying', 'running').turns(500);
    expect([play.phases, play.why, play.sent]).toEqual(['adding', 'new_joins', []]);
    expect(play.doc.state).toBe('running');
  });

  test('waits until the new node is published, where others are asked for that', () => {
    const play = new Play().verified(newName, 'verified', 'running');
    const unpublished = (published: boolean) => {
      const { joins, ...rest } = play.expansion!;
      const state = published ? 'succeeded' : rest.state;
      play.expansion = { ...rest, state, joins: joins.map((join) => ({ ...join, published })) };
    };
    unpublished(false);
    play.turns(50);
    expect([play.phases, play.sent]).toEqual(['adding', []]);
    unpublished(true);
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('needs a person while the expansion does, and goes on with it', () => {
    const play = new Play().verified(newName, 'failed', 'halted').turns(5);
    expect([play.doc.state, play.why]).toEqual(['held', 'new_halted']);
    play.verified().toEnd();
    expect([play.doc.state, play.events.includes('running')]).toEqual(['succeeded', true]);
  });

  test.each(['skipped', 'failed', 'quarantined', 'cancelled'] as const)(
    'keeps the old node of a new one that is %s',
    (phase) => {
      const play = new Play().verified(newName, phase, 'failed').toEnd();
      expect([play.doc.state, play.phases, play.why]).toEqual(['failed', 'kept', 'new_not_verified']);
      expect(play.sent).toEqual([]);
    },
  );

  test('takes no slave out without a new one before another person approves, and replaces the others meanwhile', () => {
    const other = '10.0.0.4:9221';
    const play = new Play({
      replace: [{ old: oldName, new: newName }],
      takeOut: [other],
      policy: { fourEyes: true },
    });
    play.nodes.set(other, slave({ proven: false }));
    play.verified().until(() => play.doc.pairs[0]!.phase === 'done');
    play.turns(100);
    expect([play.doc.state, play.phases, play.sent]).toEqual(['held', 'done waiting', [oldName]]);
    expect(play.doc.pairs[1]!.reason?.code).toBe('awaits_approval');
    play.approval = { by: 'bob', reason: 'looked at it', at: play.time };
    play.toEnd();
    expect([play.doc.state, play.sent, play.doc.approval?.by]).toEqual([
      'succeeded',
      [oldName, other],
      'bob',
    ]);
    expect(play.events.filter((type) => type === 'approved')).toEqual(['approved']);
  });

  test('is approved only while a slave without a new one waits, and by another person than the requester', () => {
    const problem = (doc: Parameters<typeof replacementControlProblem>[0], by: string | null) =>
      replacementControlProblem(doc, 'approve', by)?.code ?? null;
    const asked = { takeOut: [oldName], policy: { fourEyes: true } };
    const { doc } = new Play(asked);
    expect([problem(doc, 'bob'), problem(doc, null), problem(doc, 'TEST')]).toEqual([
      null,
      null,
      'needs_other_person',
    ]);
    const approval = { by: 'bob', reason: 'looked at it', at: now };
    const noApproval = 'replacement_needs_no_approval';
    expect(problem({ ...doc, approval }, 'bob')).toBe(noApproval);
    expect(problem(new Play({ takeOut: [oldName] }).doc, 'bob')).toBe(noApproval);
    // Its slave goes after the new node, whose expansion is approved.
    expect(problem(new Play({ policy: { fourEyes: true } }).doc, 'bob')).toBe(noApproval);
    expect(problem({ ...doc, cancel }, 'bob')).toBe('replacement_cancelled');
    expect(problem({ ...doc, state: 'succeeded' }, 'bob')).toBe('replacement_ended');
  });

  test('keeps a slave whose going nobody approved when it is cancelled', () => {
    const play = new Play({ takeOut: [oldName], policy: { fourEyes: true } }).turns(5);
    play.cancel = cancel;
    expect(play.toEnd().doc.state).toBe('cancelled');
    expect([play.phases, play.sent]).toEqual(['kept', []]);
  });

  test('keeps the old node where the new one is refused, at once or after many tries', () => {
    const problem = { code: 'preflight_failed', facts: {}, text: 'x', nextSteps: [], at: now } as const;
    for (const kind of ['refused', 'try_later'] as const) {
      const play = new Play();
      play.admission = { kind, problem };
      play.toEnd();
      expect([play.doc.state, play.phases, play.why]).toEqual(['failed', 'kept', 'new_refused']);
    }
  });

  test('has its new nodes admitted again where nobody knows of an admission', () => {
    const play = new Play().turn();
    play.admission = { kind: 'not_happened' };
    play.turn();
    expect([play.doc.newNodes?.state, play.last.begin]).toEqual(['starting', true]);
  });

  test('waits for readers, and for no longer than it was told', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 60_000 });
    play.nodes.get(oldName)!.readers = 2;
    play.turns(30);
    expect([play.phases, play.why, play.doc.pairs[0]!.readers]).toEqual(['draining', 'has_readers', 2]);
    play.toEnd();
    expect(play.doc.state).toBe('succeeded');
    expect(play.time - now).toBeGreaterThan(60_000);
    const drained = new Play({ takeOut: [oldName], drainTimeoutMs: 60_000 }).toEnd();
    expect(drained.time - now).toBeLessThan(15_000);
  });

  test('counts no connection of the service or of an address that is no reader', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 600_000, notReaders: ['10.0.0.9'] });
    play.nodes.get(oldName)!.readers = 2;
    play.toEnd();
    expect(play.time - now).toBeLessThan(15_000);
  });

  test('a reader who comes back within the looks that are wanted begins the wait anew', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 600_000 });
    const old = play.nodes.get(oldName)!;
    for (let at = 0; at < 100; at += 1) {
      old.readers = at % 3 === 2 ? 1 : 0;
      play.turn();
    }
    expect([play.phases, play.sent]).toEqual(['draining', []]);
  });

  test.each([
    ['is not proven', { proven: false }],
    ['is not listed', { listed: false }],
    ['has no link', { linkUp: false }],
    ['gives no answer', { silent: true }],
    ['follows another', { follows: 'other' }],
  ] as const)('goes no further while the slave that is to stay %s', (_, changes) => {
    const play = new Play({ takeOut: [oldName] });
    play.nodes.set(keptName, slave(changes));
    play.turns(100);
    expect([play.doc.state, play.phases, play.why]).toEqual(['held', 'waiting', 'too_few_verified']);
    play.nodes.set(keptName, slave());
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('checks again right before it detaches', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 20_000 });
    play.nodes.get(oldName)!.readers = 1;
    play.turns(10);
    play.nodes.set(keptName, slave({ linkUp: false }));
    play.turns(100);
    expect([play.phases, play.why, play.sent]).toEqual(['detaching', 'too_few_verified', []]);
  });

  test('holds while the node that takes the place was lost again', () => {
    const play = new Play({ keepVerified: 0 }).verified();
    play.nodes.set(newName, slave({ linkUp: false }));
    play.turns(30);
    expect([play.doc.state, play.why, play.sent]).toEqual(['held', 'new_lost', []]);
  });

  test('never takes slaves that go for slaves that stay', () => {
    const play = new Play({ takeOut: [oldName, keptName], keepVerified: 1 });
    play.nodes.set(oldName, slave());
    play.turns(50);
    expect([play.sent, play.why]).toEqual([[], 'too_few_verified']);
  });

  test('takes out no more slaves at a time than it may, and rests between them', () => {
    const names = ['10.0.0.21:9221', '10.0.0.22:9221', '10.0.0.23:9221'];
    const play = new Play({ takeOut: names, batchSize: 2, paceMs: 60_000 });
    for (const name of names) play.nodes.set(name, slave());
    play.turns(3);
    expect(play.phases.split(' ').filter((phase) => phase === 'waiting')).toHaveLength(1);
    play.until(() => play.phases.startsWith('done done'));
    const doneAt = play.time;
    play.until(() => play.phases.endsWith('withdrawing') || play.phases.endsWith('draining'));
    expect(play.time - doneAt).toBeGreaterThan(50_000);
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('asks before it detaches and after, and waits for the answers', () => {
    const play = new Play({ takeOut: [oldName] });
    play.hold.set(`${oldName} before_detach`, because('frozen', { reason: 'by a hook' }));
    play.turns(20);
    expect([play.phases, play.why]).toEqual(['withdrawing', 'frozen']);
    play.hold.set(`${oldName} before_detach`, undefined).set(`${oldName} after_detach`, undefined);
    play.turns(5);
    expect(play.why).toBe('being_asked');
    play.hold.delete(`${oldName} before_detach`);
    play.until(() => play.phases === 'detached').turns(20);
    expect([play.phases, play.sent]).toEqual(['detached', [oldName]]);
    play.hold.clear();
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('detaches nothing while everything is frozen', () => {
    const play = new Play({ takeOut: [oldName] });
    play.until(() => play.phases === 'draining');
    play.frozen = { reason: 'peak' };
    play.turns(50);
    expect([play.sent, play.why]).toEqual([[], 'frozen']);
    play.frozen = null;
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('leaves a slave with slaves of its own, unless it was permitted', () => {
    const play = new Play({ takeOut: [oldName] });
    play.nodes.get(oldName)!.ownSlaves = 1;
    play.turns(20);
    expect([play.doc.state, play.why, play.sent]).toEqual(['held', 'own_slaves', []]);
    const permitted = new Play({ takeOut: [{ address: oldName, withSlaves: true }] });
    permitted.nodes.get(oldName)!.ownSlaves = 1;
    expect(permitted.toEnd().doc.state).toBe('succeeded');
  });

  test('waits while it is not known which of the listed slaves another one is that goes', () => {
    const play = new Play({ takeOut: [oldName] });
    play.unplaced = ['a.pika:9221'];
    play.turns(20);
    expect([play.doc.state, play.why, play.sent]).toEqual(['running', 'unplaced', []]);
    play.unplaced = [];
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('leaves a slave on which an expansion works', () => {
    const play = new Play({ takeOut: [oldName] });
    play.inUse.set(0, 'exp_9');
    play.turns(20);
    expect([play.why, play.sent]).toEqual(['in_expansion', []]);
  });

  test('a slave that follows another master meanwhile has failed, and nothing is sent to it', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 60_000 });
    play.nodes.get(oldName)!.readers = 1;
    play.turns(5);
    play.nodes.get(oldName)!.follows = 'other';
    play.toEnd();
    expect([play.doc.state, play.phases, play.why, play.sent]).toEqual([
      'failed',
      'failed',
      'follows_other',
      [],
    ]);
  });

  test('a slave that somebody else detached is done', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 60_000 });
    play.nodes.get(oldName)!.readers = 1;
    play.turns(5);
    Object.assign(play.nodes.get(oldName)!, { follows: false, listed: false });
    play.toEnd();
    expect([play.doc.state, play.sent]).toEqual(['succeeded', []]);
  });

  test('waits until the master no longer lists a slave that has left', () => {
    const play = new Play({ takeOut: [oldName] });
    play.until(() => play.phases === 'detached');
    play.nodes.get(oldName)!.listed = true;
    play.turns(30);
    expect([play.phases, play.why]).toEqual(['detached', 'still_listed']);
    play.nodes.get(oldName)!.listed = false;
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('a slave that somebody attaches again has failed', () => {
    const play = new Play({ takeOut: [oldName] });
    play.until(() => play.phases === 'detached');
    Object.assign(play.nodes.get(oldName)!, { follows: true, listed: true });
    play.toEnd();
    expect([play.doc.state, play.why]).toEqual(['failed', 'attached_again']);
  });

  test('a slave that dies needs a person, and goes when it is back', () => {
    const play = new Play({ takeOut: [oldName] });
    play.nodes.get(oldName)!.silent = true;
    play.turns(20);
    expect([play.doc.state, play.why]).toEqual(['running', 'unreachable']);
    play.until(() => play.doc.state === 'held');
    expect([play.why, play.sent]).toEqual(['no_answer', []]);
    play.nodes.get(oldName)!.silent = false;
    expect(play.toEnd().doc.state).toBe('succeeded');
  });
});

describe('the command', () => {
  test('whose reply is lost is not sent again where it happened', () => {
    const play = new Play({ takeOut: [oldName] });
    play.acts = 'lost';
    expect(play.toEnd().doc.state).toBe('succeeded');
    expect(play.sent).toEqual([oldName]);
  });

  test('that never happened is sent again, but not before it cannot happen any more', () => {
    const play = new Play({ takeOut: [oldName] });
    play.acts = 'dies';
    play.until(() => play.sent.length === 1);
    const sentAt = play.time;
    play.until(() => play.sent.length === 2);
    expect(play.time - sentAt).toBeGreaterThanOrEqual(actSettlesMs);
    play.acts = 'ok';
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('that is refused needs a person, and is tried again', () => {
    const play = new Play({ takeOut: [oldName] });
    play.acts = 'refused';
    play.until(() => play.doc.state === 'held');
    expect(play.why).toBe('refused');
    play.acts = 'ok';
    expect(play.toEnd().doc.state).toBe('succeeded');
  });

  test('that the shell held back is decided on again', () => {
    const play = new Play({ takeOut: [oldName] });
    play.acts = 'dies';
    play.until(() => play.last?.command != null);
    const { index, intentId } = play.last.command!;
    play.reply = { index, intentId, outcome: 'not_sent', text: 'frozen' };
    play.acts = 'ok';
    expect(play.turns(2).sent).toHaveLength(2);
  });
});

describe('a cancellation', () => {
  test('while the new node is added: it is cancelled too, and the old one stays', () => {
    const play = new Play().verified(newName, 'transferring', 'running').turns(5);
    play.cancel = cancel;
    play.turns(5);
    expect([play.last.cancelExpansion, play.phases, play.doc.state]).toEqual([true, 'kept', 'running']);
    play.verified(newName, 'cancelled', 'cancelled').toEnd();
    expect([play.doc.state, play.why, play.sent]).toEqual(['cancelled', 'cancelled', []]);
  });

  test('before anything began begins nothing', () => {
    const play = new Play();
    play.cancel = cancel;
    play.toEnd();
    expect([play.doc.state, play.events]).toEqual(['cancelled', ['cancel_asked', 'kept', 'cancelled']]);
  });

  test('has a slave published again that was withdrawn, and waits for the answer', () => {
    const play = new Play({ takeOut: [oldName], drainTimeoutMs: 600_000 });
    play.nodes.get(oldName)!.readers = 1;
    play.turns(10);
    play.cancel = cancel;
    play.hold.set(`${oldName} after_verified`, undefined);
    play.turns(30);
    expect([play.phases, play.doc.state]).toEqual(['putting_back', 'running']);
    play.hold.clear();
    play.toEnd();
    expect([play.doc.state, play.phases, play.sent]).toEqual(['cancelled', 'kept', []]);
  });

  test('finds out whether a command happened that was under way', () => {
    const gone = new Play({ takeOut: [oldName] });
    gone.acts = 'lost';
    gone.until(() => gone.sent.length === 1);
    gone.cancel = cancel;
    gone.toEnd();
    expect([gone.doc.state, gone.phases]).toEqual(['succeeded', 'done']);

    const stays = new Play({ takeOut: [oldName] });
    stays.acts = 'dies';
    stays.until(() => stays.sent.length === 1);
    stays.cancel = cancel;
    stays.toEnd();
    expect([stays.doc.state, stays.phases, stays.sent]).toEqual(['cancelled', 'kept', [oldName]]);

    const dead = new Play({ takeOut: [oldName] });
    dead.acts = 'dies';
    dead.until(() => dead.sent.length === 1);
    dead.cancel = cancel;
    dead.nodes.get(oldName)!.silent = true;
    dead.toEnd();
    expect([dead.doc.state, dead.phases, dead.why]).toEqual(['failed', 'failed', 'outcome_unknown']);
  });

  test.each(Array.from({ length: 14 }, (_, at) => at))(
    'after %i turns detaches nothing further, and ends',
    (turns) => {
      const play = new Play({ replace: [{ old: oldName, new: newName }], takeOut: ['10.0.0.21:9221'] });
      play.nodes.set('10.0.0.21:9221', slave());
      play.verified().turns(turns);
      const sent = [...play.sent];
      play.cancel = cancel;
      play.toEnd();
      expect(play.sent).toEqual(sent);
      expect(play.phases.split(' ').every((phase) => phase === 'done' || phase === 'kept')).toBe(true);
    },
  );
});

import { isIP } from 'node:net';
import Type, { type Static } from 'typebox';
import type { Seen } from '../core/audit/judge.ts';
import { judgeOld, verifiedSlaves } from '../core/replacement/slaves.ts';
import type { CredentialSource, Engine } from '../engines/engine.ts';
import { judgement } from '../model/audit-texts.ts';
import { type EventInput, makeEvent } from '../model/events.ts';
import { schemaOf } from '../model/field-schema.ts';
import { resolved } from '../model/fields.ts';
import { formatAddress, type Look, type LookSection } from '../model/observation.ts';
import { Refusal, refuse, refuseField } from '../model/refusal.ts';
import { type ReplacementInput, type ReplacementSettings, replacementFields } from '../model/replacement.ts';
import { replacementRuns } from '../model/replacement-texts.ts';
import type { Said } from '../model/text.ts';
import type { Pair, StoredReplacement } from '../model/views/replacement.ts';
import type { AuditStore } from '../store/audits.ts';
import { MasterInReplacementError, type ReplacementStore } from '../store/replacements.ts';
import type { Store } from '../store/store.ts';
import { isSameServer, slavesBeside } from '../work/proofs.ts';
import type { Requester } from './acceptance.ts';
import { type Admission, orRefusal, unreadableMaster } from './admission.ts';
import { Slaves } from './audit.ts';
import { concernedByReplacement } from './concerned.ts';
import { idempotencyOf } from './fingerprint.ts';
import type { NewId } from './ids.ts';
import { checkMayAct, isOn } from './may-act.ts';
import { observe } from './observe.ts';
import { MasterInput, type MemberRequest, NodeInput, PolicyInputSchema, ServerInput } from './request.ts';
import { parseMaster, parseNodes } from './targets.ts';
import { printable, validator } from './validate.ts';

/** Slaves of one replacement. */
const mostOld = 100;

const withSlaves = Type.Boolean({
  description: 'It may have slaves of its own, which go on following it. Default: false.',
});
const OldInput = Type.Union(
  [
    ServerInput.anyOf[0],
    Type.Object(
      { ...ServerInput.anyOf[1].properties, withSlaves: Type.Optional(withSlaves) },
      { additionalProperties: false },
    ),
  ],
  { description: 'A slave of the master that goes: `host:port`, or an object with more about it.' },
);
type OldInput = Static<typeof OldInput>;

/** What a request for a replacement may say. */
export const ReplacementRequest = Type.Unsafe<
  ReplacementInput & {
    readonly master: MasterInput;
    readonly replace?: readonly { readonly old: OldInput; readonly new?: NodeInput }[];
    readonly takeOut?: readonly OldInput[];
    readonly reason: string;
    readonly label?: string;
    readonly slaves?: Static<typeof Slaves>;
    readonly notReaders?: readonly string[];
    readonly policy?: Static<typeof PolicyInputSchema>;
  }
>(
  Type.Object(
    {
      master: MasterInput,
      replace: Type.Optional(
        Type.Array(
          Type.Object({ old: OldInput, new: Type.Optional(NodeInput) }, { additionalProperties: false }),
          {
            minItems: 1,
            maxItems: mostOld,
            description:
              'Slaves that go once the node that takes their place is verified. Without `new` the slave goes as one of `takeOut` does.',
          },
        ),
      ),
      takeOut: Type.Optional(
        Type.Array(OldInput, {
          minItems: 1,
          maxItems: mostOld,
          description: 'Slaves that go without a node in their place.',
        }),
      ),
      reason: Type.String({ minLength: 1, maxLength: 500, description: 'Why, for those who read it later.' }),
      label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      slaves: Type.Optional(Slaves),
      notReaders: Type.Optional(
        Type.Array(Type.String({ minLength: 2, maxLength: 45 }), {
          maxItems: 64,
          description:
            'IP addresses whose connections are no readers, such as those of a monitor. Connections of the service itself are none.',
        }),
      ),
      policy: Type.Optional({
        ...PolicyInputSchema,
        description: 'How the new nodes are added; whatever is left out has a default.',
      }),
      ...schemaOf(replacementFields).properties,
    },
    {
      additionalProperties: false,
      examples: [
        {
          master: '10.0.0.1:9221',
          replace: [{ old: '10.0.0.2:9221', new: '10.0.0.5:9221' }],
          takeOut: ['10.0.0.3:9221'],
          keepVerified: 2,
          reason: 'new hardware',
        },
      ],
    },
  ),
);
export type ReplacementRequest = Static<typeof ReplacementRequest>;

export interface ReplacementAdmissionParts {
  readonly replacements: Pick<ReplacementStore, 'accept' | 'acceptedUnder'>;
  readonly store: Pick<Store, 'nodesInUse'>;
  readonly audits: Pick<AuditStore, 'provenOf' | 'lastWhole'>;
  readonly admission: Pick<Admission, 'preview'>;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  readonly limits: { readonly maxNodes: number; readonly lookTimeoutMs: number };
  /** Masters whose slaves go only after another person has approved it; absent = none. */
  readonly fourEyes?: readonly string[];
  readonly now: () => number;
  readonly newId: NewId;
  readonly onEvents?: (events: readonly EventInput[]) => void;
}

export interface ReplacementAdmission {
  /**
   * Checks the request and stores it. Each old node must be a slave of this master, the new ones must pass preflight, and
   * enough proven slaves must stay. Throws Refusal; nothing is stored then.
   */
  start(
    input: unknown,
    who: Requester,
    idempotencyKey: string | null,
  ): Promise<{ readonly doc: StoredReplacement; readonly replayed: boolean }>;
}

const check = validator(ReplacementRequest);

/** Makes the entrance of replacements. */
export function createReplacementAdmission(parts: ReplacementAdmissionParts): ReplacementAdmission {
  const { replacements, now, newId } = parts;

  async function refuseWhatCannotGo(doc: StoredReplacement): Promise<void> {
    const { master } = doc;
    const look = (target: Seen['target']) => lookAt(parts, target, ['server', 'replication']);
    const seen: Seen = { target: master, look: await look(master), capabilities: null };
    if (seen.look.kind !== 'answered') throw unreadableMaster(master, seen.look);
    const without = doc.pairs.map(({ old }) => old);
    const [olds, uses] = await Promise.all([
      Promise.all(without.map(async (target) => ({ target, look: await look(target) }))),
      parts.store.nodesInUse(without.flatMap(keysOf)),
    ]);
    const others = await slavesBeside(parts.audits, look, seen, { without: olds, known: doc.slaves });
    const stay = doc.pairs.flatMap((pair, at) => {
      const use = uses.find(({ node }) => keysOf(pair.old).includes(node));
      return standsAgainst(seen, { pair, look: olds[at]!.look, expansion: use?.expansionId ?? null });
    });
    if (stay.length > 0) throw refuse('not_to_take_out', { slaves: stay, master: master.name });
    refuseTooFew(doc, verifiedSlaves(others?.slaves ?? [], seen));
  }

  async function refuseNewNodes({ newNodes }: StoredReplacement): Promise<void> {
    if (newNodes === null) return;
    const { label: _, ...request } = newNodes.request as MemberRequest;
    const plan = await parts.admission.preview(request).catch((error: unknown) => {
      throw error instanceof Refusal ? error.inside('replace') : error;
    });
    if (plan.acceptable) return;
    const findings = plan.findings.filter(({ severity }) => severity === 'error');
    throw refuse('preflight_failed', { findings }, { field: 'replace', findings: plan.findings });
  }

  return {
    async start(input, who, idempotencyKey) {
      const request = check(input);
      const idempotency = idempotencyKey === null ? null : idempotencyOf(who, idempotencyKey, request);
      const earlier = idempotency && (await orRefusal(replacements.acceptedUnder(idempotency)));
      if (earlier) return { doc: earlier, replayed: true };
      const doc = newReplacement(request, who, { id: newId('rep'), at: now() }, parts);
      checkMayAct(who.rights, 'replace', concernedByReplacement(doc));
      await refuseWhatCannotGo(doc);
      await refuseNewNodes(doc);
      const events = [acceptedEvent(doc)];
      const stored = await orRefusal(replacements.accept(doc, events, idempotency)).catch(
        (error: unknown) => {
          if (!(error instanceof MasterInReplacementError)) throw error;
          throw refuse(error.code, { id: error.id, master: doc.master.name }, { field: 'master' });
        },
      );
      if (!stored.replayed) parts.onEvents?.(events);
      return stored;
    },
  };
}

const keysOf = ({ name, address, seenAs }: Seen['target']): readonly string[] => [
  name,
  formatAddress(address),
  formatAddress(seenAs),
];

async function lookAt(
  { engine, credentials, limits, now }: ReplacementAdmissionParts,
  target: Seen['target'],
  sections: readonly LookSection[],
): Promise<Look> {
  const options = { sections, timeoutMs: limits.lookTimeoutMs };
  return (await observe(engine, credentials, target, options, now)).look;
}

/** Why this slave cannot be taken out; nothing where it can. */
function standsAgainst(
  master: Seen,
  { pair, look, expansion }: { pair: Pair; look: Look; expansion: string | null },
): readonly Said[] {
  const judged = judgeOld({ target: pair.old, look, capabilities: null }, master, expansion);
  if (judged.kind === 'is_master')
    return [judgement('is_master', { slave: pair.old.name, master: master.target.name }, {}).reason];
  return judged.kind === 'follows' ? [] : [judged.reason];
}

function refuseTooFew({ master, pairs, settings }: StoredReplacement, verified: readonly string[]): void {
  const added = pairs.filter((pair) => pair.new !== null).length;
  const keep = settings.keepVerified;
  if (verified.length + added >= keep) return;
  throw refuse('too_few_would_stay', { master: master.name, verified, added, keep });
}

/** The replacement that a request asks for, before anything was looked at. Throws a Refusal for a malformed one. */
export function newReplacement(
  request: ReplacementRequest,
  who: Requester,
  made: { readonly id: string; readonly at: number },
  {
    credentials,
    limits,
    fourEyes = [],
  }: Pick<ReplacementAdmissionParts, 'credentials' | 'limits' | 'fourEyes'>,
): StoredReplacement {
  const { replace = [], takeOut = [], reason, label = null, policy, notReaders = [] } = request;
  if (replace.length + takeOut.length === 0) throw refuseField('nothing_to_replace', null, {});
  const master = parseMaster(request.master, 'master', credentials);
  const named = [
    ...replace.map((pair, at) => ({ ...pair, place: `replace[${at}]` })),
    ...takeOut.map((old, at) => ({ old, new: undefined, place: `takeOut[${at}]` })),
  ];
  const news = named.flatMap(({ new: node }) => node ?? []);
  const nodes = parseNodes(news, limits.maxNodes, credentials).values();
  const servers: { readonly target: Seen['target']; readonly field: string }[] = [
    { target: master, field: 'master' },
  ];
  const once = (target: Seen['target'], field: string): Seen['target'] => {
    const other = servers.find((server) => isSameServer(server.target, target));
    if (other !== undefined)
      throw refuseField('named_twice', field, { address: target.name, other: other.field });
    servers.push({ target, field });
    return target;
  };
  const pairs = named.map(({ old, new: node, place }, index): Pair => {
    const { withSlaves: _, ...server } = typeof old === 'string' ? { address: old } : old;
    const field = place.startsWith('takeOut') ? place : `${place}.old`;
    const goes = once(parseMaster(server, field, credentials), field);
    return {
      index,
      old: goes,
      new: node === undefined ? null : once(nodes.next().value!, `${place}.new`).name,
      withSlaves: typeof old === 'object' && old.withSlaves === true,
      phase: node === undefined ? 'waiting' : 'adding',
      phaseSince: made.at,
      reason: null,
      needsPerson: false,
      readers: null,
      quietLooks: 0,
      silentSince: null,
      intent: null,
    };
  });
  const settings = resolved(replacementFields, given(request)) as ReplacementSettings;
  const member = { master: request.master, nodes: news, ...(policy && { policy }), label: made.id };
  return {
    id: made.id,
    label,
    state: 'running',
    stateSince: made.at,
    stateReason: replacementRuns,
    requestedBy: who.name,
    via: who.via,
    reason,
    createdAt: made.at,
    endedAt: null,
    master,
    settings: {
      ...settings,
      notReaders: notReaders.map((ip, at) => checkedIp(ip, `notReaders[${at}]`)),
    },
    slaves: (request.slaves ?? []).map((slave, at) => parseMaster(slave, `slaves[${at}]`, credentials)),
    newNodes:
      news.length === 0
        ? null
        : {
            state: 'waiting',
            request: member,
            expansionId: null,
            expansionState: null,
            failedTries: 0,
            notBefore: null,
            problem: null,
          },
    pairs,
    lastDoneAt: null,
    fourEyes: policy?.fourEyes === true || isOn(fourEyes, master),
    approval: null,
    cancel: null,
  };
}

/** Of a request the fields of the table. */
const given = (request: ReplacementRequest) =>
  Object.fromEntries(Object.entries(request).filter(([name]) => name in replacementFields));

function checkedIp(ip: string, field: string): string {
  if (isIP(ip) === 0) throw refuseField('not_an_ip', field, { value: printable(ip) });
  return ip;
}

function acceptedEvent({ createdAt, master, pairs, requestedBy, reason }: StoredReplacement): EventInput {
  const facts = {
    master: master.name,
    old: pairs.map(({ old }) => old.name),
    new: pairs.flatMap((pair) => pair.new ?? []),
    requestedBy,
    why: reason,
  };
  return makeEvent('replacement.accepted', { at: createdAt }, facts);
}

import Type, { type Static } from 'typebox';
import { resolveSpec } from '../compare/spec.ts';
import { countsOf, newServer } from '../core/audit/audit.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { type AuditInput, auditFields } from '../model/audit.ts';
import { schemaOf } from '../model/field-schema.ts';
import { refuseField } from '../model/refusal.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAudit } from '../store/audits.ts';
import { masterKey } from '../store/master-key.ts';
import { MasterInput, ServerInput } from './request.ts';
import { parseMaster } from './targets.ts';
import { validator } from './validate.ts';

/** Masters of one audit. */
const mostMasters = 1000;

const Masters = Type.Union(
  [
    Type.Array(MasterInput, { minItems: 1, maxItems: mostMasters }),
    Type.Literal('all', { description: 'The masters of all expansions that the service still keeps.' }),
  ],
  { description: 'The masters whose slaves are judged.' },
);
const Slaves = Type.Array(ServerInput, {
  maxItems: mostMasters,
  description:
    'Slaves that the service reaches otherwise than by the address that their master lists (`seenAs`), or with another credential. Expansions that the service keeps need no entry.',
});

/** What a request for an audit may say. */
export const AuditRequest = Type.Unsafe<
  AuditInput & {
    readonly masters: Static<typeof Masters>;
    readonly slaves?: Static<typeof Slaves>;
  }
>(
  Type.Object(
    { masters: Masters, slaves: Type.Optional(Slaves), ...schemaOf(auditFields).properties },
    {
      additionalProperties: false,
      examples: [{ masters: ['10.0.0.1:9221', '10.0.0.4:9221'], depth: 'sample', maxOpsPerSecond: 5000 }],
    },
  ),
);
export type AuditRequest = Static<typeof AuditRequest>;

const check = validator(AuditRequest);

/**
 * The audit that a request asks for. `knownMasters`: those of the expansions that are stored. Throws a Refusal that names
 * the field that is wrong.
 */
export async function newAudit(
  input: unknown,
  made: { readonly id: string; readonly requestedBy: string; readonly createdAt: number },
  credentials: CredentialSource,
  knownMasters: (limit: number) => Promise<readonly NodeTarget[]>,
): Promise<StoredAudit> {
  const { masters, slaves = [], maxRunning, maxRunningPerHost = 1, ...options } = check(input);
  const targets =
    masters === 'all'
      ? await knownMasters(mostMasters)
      : masters.map((master, index) => parseMaster(master, `masters[${index}]`, credentials));
  if (targets.length === 0) throw refuseField('no_known_masters', 'masters', {});
  const servers = apart(targets).map((target, index) => ({ index, ...newServer(target, null, null) }));
  const spec = resolveSpec(options);
  return {
    doc: {
      ...made,
      state: 'pending',
      startedAt: null,
      endedAt: null,
      spec,
      maxRunning: maxRunning ?? (spec.depth === 'full' ? 1 : 2),
      maxRunningPerHost,
      slaves: slaves.map((slave, index) => parseMaster(slave, `slaves[${index}]`, credentials)),
      counts: countsOf(servers, 0),
      cancel: null,
    },
    servers,
  };
}

/** A master that is named twice is looked at once. */
function apart(targets: readonly NodeTarget[]): readonly NodeTarget[] {
  const places = new Map(targets.map((target) => [masterKey(target.address), target]));
  return [...places.values()];
}

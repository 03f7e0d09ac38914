import Type, { type Static } from 'typebox';
import { resolveSpec } from '../compare/spec.ts';
import { countsOf, newServer } from '../core/audit/audit.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { type AuditInput, auditFields } from '../model/audit.ts';
import { schemaOf } from '../model/field-schema.ts';
import { refuseField } from '../model/refusal.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAuditDoc } from '../model/views/audit.ts';
import type { ComparisonSpec } from '../model/views/comparison.ts';
import type { StoredAudit } from '../store/audits.ts';
import { masterKey } from '../store/master-key.ts';
import { MasterInput, ServerInput } from './request.ts';
import { parseMaster } from './targets.ts';
import { validator } from './validate.ts';

/** Masters of one audit. */
const mostMasters = 1000;

export const Masters = Type.Union(
  [
    Type.Array(MasterInput, { minItems: 1, maxItems: mostMasters }),
    Type.Literal('all', { description: 'The masters of all expansions that the service still keeps.' }),
  ],
  { description: 'The masters whose slaves are judged.' },
);
export const Slaves = Type.Array(ServerInput, {
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
  const { masters, slaves = [], ...options } = check(input);
  const targets = await mastersOf(masters, credentials, knownMasters);
  const spec = specOf(options);
  return newAuditOf(
    {
      ...made,
      spec,
      ...auditLimits(spec, options),
      slaves: slaves.map((slave, index) => parseMaster(slave, `slaves[${index}]`, credentials)),
    },
    targets,
  );
}

/** The masters that a request names, each once. Throws a Refusal where there are none. */
export async function mastersOf(
  masters: Static<typeof Masters>,
  credentials: CredentialSource,
  knownMasters: (limit: number) => Promise<readonly NodeTarget[]>,
): Promise<readonly NodeTarget[]> {
  const targets =
    masters === 'all'
      ? await knownMasters(mostMasters)
      : masters.map((master, index) => parseMaster(master, `masters[${index}]`, credentials));
  if (targets.length === 0) throw refuseField('no_known_masters', 'masters', {});
  return apart(targets);
}

/** How the data are compared. */
export const specOf = ({ maxRunning: _, maxRunningPerHost: __, ...options }: AuditInput): ComparisonSpec =>
  resolveSpec(options);

/** How much of an audit runs at a time, where the request does not say. */
export const auditLimits = (
  { depth }: Pick<ComparisonSpec, 'depth'>,
  { maxRunning, maxRunningPerHost }: AuditInput,
) => ({
  maxRunning: maxRunning ?? (depth === 'full' ? 1 : 2),
  maxRunningPerHost: maxRunningPerHost ?? 1,
});

type Asked = 'id' | 'requestedBy' | 'createdAt' | 'spec' | 'maxRunning' | 'maxRunningPerHost' | 'slaves';

/** An audit of these masters before it begins. */
export function newAuditOf(asked: Pick<StoredAuditDoc, Asked>, masters: readonly NodeTarget[]): StoredAudit {
  const servers = masters.map((target, index) => ({ index, ...newServer(target, null, null) }));
  return {
    doc: {
      ...asked,
      state: 'pending',
      startedAt: null,
      endedAt: null,
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

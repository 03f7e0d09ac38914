import { CronExpressionParser } from 'cron-parser';
import Type, { type Static } from 'typebox';
import { countsOfGuard, newGuardMaster } from '../core/guard/guard.ts';
import { isTimeZone } from '../core/plan/windows.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { type AuditInput, auditFields } from '../model/audit.ts';
import { schemaOf } from '../model/field-schema.ts';
import { type GuardInput, guardAuditFields, guardFields } from '../model/guard.ts';
import { refuseField } from '../model/refusal.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { GuardAudits } from '../model/views/guard.ts';
import type { StoredGuard } from '../store/guards.ts';
import { auditLimits, Masters, mastersOf, Slaves, specOf } from './audit.ts';
import { parseMaster } from './targets.ts';
import { validator } from './validate.ts';

const Audits = Type.Unsafe<AuditInput & { readonly cron: string; readonly timeZone?: string }>(
  Type.Object(
    {
      ...schemaOf(guardAuditFields).properties,
      cron: schemaOf(guardAuditFields).properties.cron!,
      ...schemaOf(auditFields).properties,
    },
    { additionalProperties: false, description: 'When the masters are audited, and how; absent = never.' },
  ),
);

/** What a request for a guard may say. */
export const GuardRequest = Type.Unsafe<
  GuardInput & {
    readonly masters: Static<typeof Masters>;
    readonly slaves?: Static<typeof Slaves>;
    readonly label?: string;
    readonly audits?: Static<typeof Audits>;
  }
>(
  Type.Object(
    {
      masters: Masters,
      slaves: Type.Optional(Slaves),
      label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      ...schemaOf(guardFields).properties,
      audits: Type.Optional(Audits),
    },
    {
      additionalProperties: false,
      examples: [
        {
          masters: ['10.0.0.1:9221', '10.0.0.4:9221'],
          audits: { cron: '30 3 * * 1', timeZone: 'Europe/Berlin', depth: 'sample' },
        },
      ],
    },
  ),
);
export type GuardRequest = Static<typeof GuardRequest>;

const check = validator(GuardRequest);

/** The guard that a request asks for. Throws a Refusal that names the field that is wrong. */
export async function newGuard(
  input: unknown,
  made: { readonly id: string; readonly requestedBy: string; readonly createdAt: number },
  credentials: CredentialSource,
  knownMasters: (limit: number) => Promise<readonly NodeTarget[]>,
): Promise<StoredGuard> {
  const { masters: named, slaves = [], label = null, everyMs, audits } = check(input);
  const targets = await mastersOf(named, credentials, knownMasters);
  const masters = targets.map(newGuardMaster);
  return {
    doc: {
      ...made,
      label,
      state: 'watching',
      endedAt: null,
      everyMs: everyMs ?? guardFields.everyMs.default,
      slaves: slaves.map((slave, index) => parseMaster(slave, `slaves[${index}]`, credentials)),
      audits: audits === undefined ? null : scheduled(audits, made.createdAt),
      counts: countsOfGuard(masters),
      end: null,
    },
    masters,
  };
}

function scheduled(
  { cron, timeZone = guardAuditFields.timeZone.default, ...options }: Static<typeof Audits>,
  now: number,
): GuardAudits {
  if (!isTimeZone(timeZone)) throw refuseField('no_time_zone', 'audits.timeZone', { value: timeZone });
  const nextAt = nextTime({ cron, timeZone }, now);
  if (nextAt === null) throw refuseField('not_a_cron', 'audits.cron', { value: cron });
  const spec = specOf(options);
  return { cron, timeZone, spec, ...auditLimits(spec, options), nextAt, last: null, begins: false };
}

/** The first time after `now` of a cron expression of five fields; null = it is none, or such a time never comes. */
export function nextTime(
  { cron, timeZone }: Pick<GuardAudits, 'cron' | 'timeZone'>,
  now: number,
): number | null {
  if (cron.trim().split(/\s+/).length !== 5) return null;
  try {
    return CronExpressionParser.parse(cron.trim(), { tz: timeZone, currentDate: new Date(now) })
      .next()
      .getTime();
  } catch {
    return null;
  }
}

import Type, { type Static } from 'typebox';
import { placeKey } from '../core/plan/preflight-servers.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { schemaOf } from '../model/field-schema.ts';
import { type HoldInput, holdFields } from '../model/hold.ts';
import { patterns } from '../model/invalid-fields.ts';
import { because } from '../model/reasons.ts';
import type { StoredHold } from '../store/holds.ts';
import { MasterInput } from './request.ts';
import { parseMaster } from './targets.ts';
import { validator } from './validate.ts';

/** What a request for a hold may say. */
export const HoldRequest = Type.Unsafe<
  HoldInput & { readonly master: Static<typeof MasterInput>; readonly reason: string }
>(
  Type.Object(
    {
      master: MasterInput,
      reason: Type.String({
        minLength: 1,
        maxLength: 1000,
        pattern: patterns.not_blank,
        description: 'Why; shown to everybody who waits for its end.',
      }),
      ...schemaOf(holdFields).properties,
    },
    {
      additionalProperties: false,
      examples: [{ master: '10.0.0.1:9221', forMs: 7_200_000, reason: 'nightly backup' }],
    },
  ),
);
export type HoldRequest = Static<typeof HoldRequest>;

const check = validator(HoldRequest);

/** The hold that a request asks for. Throws a Refusal that names the field that is wrong. */
export function newHold(
  input: unknown,
  made: { readonly id: string; readonly requestedBy: string; readonly createdAt: number },
  credentials: CredentialSource,
): Pick<StoredHold, 'doc' | 'keys'> & { readonly forMs: number } {
  const { master: named, reason, forMs = holdFields.forMs.default } = check(input);
  const master = parseMaster(named, 'master', credentials);
  return {
    doc: {
      ...made,
      master,
      reason,
      safeSince: null,
      waitingFor: because('master_being_looked_at'),
      endedAt: null,
      end: null,
    },
    keys: [placeKey(master.address)],
    forMs,
  };
}

/**
 * Documents outlive releases: the next release reads an expansion that this release has begun. Each document is stored
 * with the version of its shape, in the field `v`. When it is read, it goes step by step from its stored shape to the
 * shape of today. Documents without a version have version 1.
 */

import { type PolicyInput, resolvePolicy } from '../model/policy.ts';
import type { Said } from '../model/text.ts';

// biome-ignore lint/suspicious/noExplicitAny: a step knows the shapes of other releases, which have no types any more
type Step = (doc: any) => object;

/**
 * For each kind of document its steps: the first leads from version 1 to 2, the next from 2 to 3. A step has no side
 * effects, leaves its argument as it is, and is never changed after a release: a new shape is a new step at the end.
 * A document that holds another one (a join holds a report) calls the steps of the inner kind itself.
 */
const steps = {
  expansion: [
    // The reasons became codes with facts.
    (doc) => ({
      ...doc,
      stateReason: asWritten(doc.stateReason),
    }),
    batchSizeReasonSaid,
    causesRenamed,
  ],
  join: [
    (doc) => ({
      ...doc,
      waitingFor: asWritten(doc.waitingFor),
      attempts: doc.attempts.map((attempt: { readonly intents: readonly { readonly reason: string }[] }) => ({
        ...attempt,
        intents: attempt.intents.map((intent) => ({ ...intent, reason: asWritten(intent.reason) })),
      })),
    }),
    causesRenamed,
  ],
  observation: [],
  /** An event with all its columns; the version is in `data`. */
  event: [causesRenamed],
  plan: [batchSizeReasonSaid],
  campaign: [
    // The reasons became codes with facts.
    (doc) => ({
      ...doc,
      stateReason: asWritten(doc.stateReason),
      stop: doc.stop && { ...doc.stop, reason: asWritten(doc.stop.reason) },
    }),
  ],
  /** An ended expansion as lists show it. */
  expansion_summary: [],
  campaign_member: [
    (doc) => ({
      ...doc,
      expansion: doc.expansion && {
        ...doc.expansion,
        stateReason: asWritten(doc.expansion.stateReason),
        waitingFor: asWritten(doc.expansion.waitingFor),
      },
    }),
    causesRenamed,
    // Depth auto became the default.
    (doc) => (doc.state === 'waiting' ? { ...doc, request: withDepthOfThen(doc.request) } : doc),
  ],
  comparison_spec: [],
  comparison_cursor: [
    // Notes became codes with facts.
    (doc) => ({
      ...doc,
      ...(doc.counts && { counts: { ...doc.counts, said: asWritten(doc.counts.text) } }),
      ...(doc.tally && {
        tally: {
          ...doc.tally,
          notes: doc.tally.notes?.map(asWritten) ?? [],
          leftOut: doc.tally.leftOut?.map(asWritten) ?? [],
          unlookable: doc.tally.unlookable?.map(asWritten) ?? [],
        },
      }),
    }),
  ],
  comparison_progress: [
    // What it waits for is the reason of its state.
    ({ said: _said, ...doc }) => doc,
  ],
  comparison_reason: [
    // It was a text, which the migration of its column has put into a document.
    ({ text }) => asWritten(text)!,
  ],
  comparison_report: [],
  comparison_problem: [],
  difference: [],
  audit: [],
  /** A server of an audit, with its verdict. */
  audit_server: [],
  guard: [],
  guard_master: [],
  hold: [],
  replacement: [
    (doc) => ({ ...doc, fourEyes: false, approval: null }),
    // Depth auto became the default.
    ({ newNodes, ...doc }) => ({
      ...doc,
      newNodes:
        newNodes?.state === 'waiting'
          ? { ...newNodes, request: withDepthOfThen(newNodes.request) }
          : newNodes,
    }),
  ],
  channel: [],
  incident: [],
  /** What a channel was told of an incident. */
  told_incident: [],
  notice: [],
  /** What an agent reported of a server. */
  agent_server: [],
  /** The folders of such a report with their files. */
  agent_listings: [],
} satisfies Readonly<Record<string, readonly Step[]>>;

/**
 * What was accepted while depth `sample` was the default is compared so. A request that is being admitted stays as it is: by
 * its own words it is known whether it was.
 */
// biome-ignore lint/suspicious/noExplicitAny: as in Step
function withDepthOfThen(request: any): object {
  const { policy } = request;
  return { ...request, policy: { ...policy, verify: { depth: 'sample', ...policy?.verify } } };
}

/** A text of an earlier release, without facts. */
function asWritten(text: string | null | undefined): Said | null {
  return text == null ? null : { code: 'as_written', facts: {}, text };
}

/** The reason of the batch size and its code with facts became one. */
// biome-ignore lint/suspicious/noExplicitAny: as in Step
function batchSizeReasonSaid({ batchSizeBecause, ...doc }: any): object {
  const said = asWritten(doc.batchSizeReason);
  return { ...doc, batchSizeReason: said && { ...said, ...batchSizeBecause } };
}

/** Causes that had another code in the log reader than in the diagnosis. */
const causeNow = new Map([
  ['newer_dump', 'snapshot_superseded'],
  ['dump_fails', 'dump_failed'],
  ['files_port_closed', 'rsync_port_closed'],
  ['dump_takes_long', 'doing_bgsave'],
]);

/** A cause is a code, or holds its code, and stands in facts, problems, diagnoses and events. */
// biome-ignore lint/suspicious/noExplicitAny: as in Step
function causesRenamed(doc: any): any {
  if (typeof doc !== 'object' || doc === null) return doc;
  if (Array.isArray(doc)) return doc.map(causesRenamed);
  return Object.fromEntries(
    Object.entries(doc).map(([name, value]) => {
      const inside = causesRenamed(value);
      return [name, name in causeFields ? causeRenamed(inside) : inside];
    }),
  );
}

const causeFields = { cause: true, causes: true, triedCauses: true };

// biome-ignore lint/suspicious/noExplicitAny: as in Step
function causeRenamed(cause: any): any {
  if (Array.isArray(cause)) return cause.map(causeRenamed);
  if (typeof cause === 'string') return causeNow.get(cause) ?? cause;
  return cause?.code === undefined ? cause : { ...cause, code: causeRenamed(cause.code) };
}

export type DocumentKind = keyof typeof steps;

/** A document as it is stored. */
export type Stored<T> = T & { readonly v?: number };

/** The document with the version of its shape, to be stored. */
export function stamp<T extends object>(kind: DocumentKind, doc: T): Stored<T> {
  return { ...doc, v: steps[kind].length + 1 };
}

/**
 * What was stored, in the shape of today. A policy gets the defaults of the fields that its release did not have, so that a
 * new field needs no step. Throws DocumentTooNewError.
 */
export function upgrade<T extends object>(kind: DocumentKind, { v = 1, ...stored }: Stored<T>): T {
  const doc = upgradeBy(steps[kind], kind, v, stored) as T & { readonly policy?: PolicyInput };
  const holdsPolicy = (kind === 'expansion' || kind === 'plan') && doc.policy !== undefined;
  return holdsPolicy ? { ...doc, policy: resolvePolicy(doc.policy) } : doc;
}

/** As `upgrade`, with these steps. */
export function upgradeBy(all: readonly Step[], kind: string, version: number, doc: object): object {
  if (version > all.length + 1)
    throw new DocumentTooNewError(
      `a document of the kind ${kind} has version ${version}, and this release knows ${all.length + 1}: a newer release has stored it`,
    );
  return all.slice(version - 1).reduce((older, step) => step(older), doc);
}

/** A release that is newer than this one has stored the document. It stays as it is. */
export class DocumentTooNewError extends Error {
  readonly code = 'document_too_new';
  readonly nextSteps = ['Start the newer release on this database.'];
}

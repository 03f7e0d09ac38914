/**
 * Checks a file of evidence (docs/evidence.md) without any service: that no byte of it has changed, whose key has signed it, and
 * that each `verified` follows from the looks and facts in it. Shares no code with what decides (test/layers.test.ts).
 */
import { createPublicKey } from 'node:crypto';
import { copyIn } from './copy.ts';
import { canonical, has, number, type Row, row, rows, TooDeepError, text } from './json.ts';
import { keyIdIn, publicKey, sealOn, sha256 } from './key.ts';
import { type Seen, seenIn } from './looks.ts';
import { type Derived, deriveRules, type Outcome } from './rules.ts';

export { type Derived, type RuleName, ruleNames } from './rules.ts';

const evidenceFormat = 'pika-expander evidence 2';

/** Of a file. */
export const mostEvidenceBytes = 128 * 1024 * 1024;

/** Each node is judged beside all looks at the master. */
const mostNodes = 5000;
const mostMasterLooks = 200_000;

/** Something that shows that the file is not what the service wrote. */
export interface Fault {
  readonly code:
    | 'not_json'
    | 'not_evidence'
    | 'other_format'
    | 'not_canonical'
    | 'chain_broken'
    | 'chain_order'
    | 'digest_differs'
    | 'signature_wrong'
    | 'key_id_differs'
    | 'other_key'
    | 'events_differ';
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface VerifiedNode {
  readonly node: string;
  /** Its phase as the file says it. */
  readonly phase: string;
  /** `not_claimed`: the file does not call it verified. */
  readonly outcome: Outcome | 'not_claimed';
  readonly rules: readonly Derived[];
}

export interface Verification {
  /** `altered` before `other_key` before `does_not_follow` before `not_shown`. */
  readonly verdict: 'follows' | 'altered' | 'other_key' | 'does_not_follow' | 'not_shown';
  readonly expansionId: string | null;
  readonly madeAt: number | null;
  readonly keyId: string | null;
  /** Whether the key was compared with one that the reader trusts. */
  readonly keyPinned: boolean;
  readonly events: number;
  readonly faults: readonly Fault[];
  readonly nodes: readonly VerifiedNode[];
}

/** The id of a public key in PEM, or null when the text holds none. Of a private key its public half counts. */
export function keyIdOf(pem: string): string | null {
  try {
    return keyIdIn(createPublicKey(pem));
  } catch {
    return null;
  }
}

/** `trustedKeyId`: the file must be signed by this key; null = any key is named, and the reader judges it. */
export function verifyEvidence(bytes: Uint8Array, trustedKeyId: string | null): Verification {
  const parsed = parse(bytes);
  if ('code' in parsed) return finished({ faults: [parsed], bundle: {}, nodes: [], trustedKeyId });
  const { bundle, faults: ofForm } = parsed;
  const isEvidence =
    text(bundle.format) !== null &&
    Array.isArray(bundle.events) &&
    Array.isArray(bundle.nodes) &&
    bundle.nodes.length <= mostNodes &&
    rows(bundle.masterLooks).length <= mostMasterLooks;
  if (!isEvidence)
    return finished({ faults: [{ code: 'not_evidence', facts: {} }], bundle, nodes: [], trustedKeyId });
  if (bundle.format !== evidenceFormat)
    return finished({
      faults: [{ code: 'other_format', facts: { format: bundle.format } }],
      bundle,
      nodes: [],
      trustedKeyId,
    });
  const faults = [
    ...ofForm,
    ...chainFaults(bundle),
    ...sealFaults(bundle, trustedKeyId),
    ...eventFaults(bundle),
  ];
  return finished({ faults, bundle, nodes: nodesOf(bundle), trustedKeyId });
}

function parse(bytes: Uint8Array): { readonly bundle: Row; readonly faults: readonly Fault[] } | Fault {
  let content: string;
  let value: unknown;
  try {
    content = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(content);
    const bundle = row(value);
    const isAsWritten = content === `${canonical(value)}\n`;
    return { bundle, faults: isAsWritten ? [] : [{ code: 'not_canonical', facts: {} }] };
  } catch (error) {
    // What JSON.parse says repeats parts of the file.
    const tooDeep = error instanceof TooDeepError || error instanceof RangeError;
    return { code: 'not_json', facts: { tooDeep } };
  }
}

/** Each event carries the hash over the one before and itself. */
function chainFaults(bundle: Row): readonly Fault[] {
  let before = '0'.repeat(64);
  let seq = Number.NEGATIVE_INFINITY;
  for (const [index, event] of rows(bundle.events).entries()) {
    const { hash, ...said } = event;
    const named = { index, seq: number(event.seq), type: text(event.type) };
    const own = sha256(`${before}${canonical(said)}`);
    if (hash !== own) return [{ code: 'chain_broken', facts: named }];
    if (!((number(event.seq) ?? Number.NaN) > seq)) return [{ code: 'chain_order', facts: named }];
    seq = number(event.seq)!;
    before = own;
  }
  const end = text(bundle.chain);
  return end === before
    ? []
    : [{ code: 'chain_broken', facts: { index: rows(bundle.events).length, seq: null, type: null } }];
}

function sealFaults(bundle: Row, trustedKeyId: string | null): readonly Fault[] {
  const { digest, signature, ...said } = bundle;
  const faults: Fault[] = [];
  const own = `sha256:${sha256(canonical(said))}`;
  if (digest !== own) faults.push({ code: 'digest_differs', facts: {} });
  const { isSigned, keyId, isMisnamed } = sealOn(signature, signedText(own));
  if (!isSigned) faults.push({ code: 'signature_wrong', facts: {} });
  if (isMisnamed) faults.push({ code: 'key_id_differs', facts: {} });
  if (trustedKeyId !== null && keyId !== trustedKeyId)
    faults.push({ code: 'other_key', facts: { keyId, trustedKeyId } });
  return faults;
}

/** What is signed. */
const signedText = (digest: string): string => `${evidenceFormat} ${digest}`;

/** Each verified node has the event of it. A node that was verified can be detached later, by a person. */
function eventFaults(bundle: Row): readonly Fault[] {
  const told = new Set(
    rows(bundle.events)
      .filter(({ type }) => type === 'node.verified')
      .map(({ node }) => node),
  );
  const untold = rows(bundle.nodes)
    .filter(({ node, phase }) => phase === 'verified' && !told.has(node))
    .map(({ node }) => node);
  return untold.length === 0 ? [] : [{ code: 'events_differ', facts: { nodes: untold } }];
}

function nodesOf(bundle: Row): readonly VerifiedNode[] {
  const nodes = rows(bundle.nodes);
  const entries = nodes.map((node) => entryOf(node));
  const taken = new Map<string, number>();
  for (const entry of entries) if (entry !== null) taken.set(entry, (taken.get(entry) ?? 0) + 1);
  const masterLooks = seenIn(bundle.masterLooks);
  return nodes.map((node, index) => {
    const [name, phase] = [text(node.node) ?? '?', text(node.phase) ?? '?'];
    if (phase !== 'verified') return { node: name, phase, outcome: 'not_claimed', rules: [] };
    const own = entries[index];
    const isTakenTwice = own != null && taken.get(own)! > 1;
    const rules = derive(bundle, masterLooks, node, index, isTakenTwice);
    const outcomes = rules.map(({ outcome }) => outcome);
    const outcome =
      (['does_not_follow', 'not_shown'] as const).find((each) => outcomes.includes(each)) ?? 'follows';
    return { node: name, phase, outcome, rules };
  });
}

/** Under which the service found the node in the master's list. */
function entryOf(node: Row): string | null {
  if (node.phase !== 'verified') return null;
  const rule = rows(row(node.evidence).rules).find((each) => each.rule === 'listed_by_master');
  const entry = row(row(rule?.facts).entry);
  return text(entry.ip) === null ? null : `${text(entry.ip)}:${number(entry.port)}`;
}

function derive(
  bundle: Row,
  masterLooks: readonly Seen[],
  node: Row,
  index: number,
  isTakenTwice: boolean,
): readonly Derived[] {
  const claimed = row(node.evidence);
  const judgedAt = number(claimed.at) ?? 0;
  const own = upTo(seenIn(node.looks), judgedAt);
  const master = upTo(masterLooks, judgedAt);
  const found = new Map(rows(claimed.rules).map((rule) => [text(rule.rule) ?? '', rule]));
  return deriveRules({
    claimed,
    found,
    node: own,
    master,
    copy: copyIn(own, master, number(bundle.binlogFileSizeBytes)),
    nodeSeenAs: row(row(node.target).seenAs),
    masterSeenAs: row(row(bundle.master).seenAs),
    policy: row(bundle.policy),
    comparison: row(node.comparison),
    comparisonPrefix: `${text(bundle.expansionId)}.${index}.${number(claimed.attempt)}.`,
    isTakenTwice,
  });
}

/** Up to the last look that the verdict can rest on. */
function upTo<L extends { readonly at: number }>(looks: readonly L[], at: number): readonly L[] {
  return looks.slice(0, looks.findLastIndex((look) => look.at <= at) + 1);
}

function finished({
  faults,
  bundle,
  nodes,
  trustedKeyId,
}: {
  readonly faults: readonly Fault[];
  readonly bundle: Row;
  readonly nodes: readonly VerifiedNode[];
  readonly trustedKeyId: string | null;
}): Verification {
  const key = publicKey(text(row(bundle.signature).publicKey) ?? '');
  const isAltered = faults.some(({ code }) => code !== 'other_key');
  const verdict = isAltered
    ? 'altered'
    : faults.length > 0
      ? 'other_key'
      : ((['does_not_follow', 'not_shown'] as const).find((each) =>
          nodes.some(({ outcome }) => outcome === each),
        ) ?? 'follows');
  return {
    verdict,
    expansionId: has(bundle, 'expansionId') ? text(bundle.expansionId) : null,
    madeAt: number(bundle.madeAt),
    keyId: key === null ? null : keyIdIn(key),
    keyPinned: trustedKeyId !== null,
    events: rows(bundle.events).length,
    faults,
    nodes,
  };
}

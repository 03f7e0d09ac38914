/** The evidence of an expansion as one signed document (docs/evidence.md). `src/verify` checks it, and shares no code with it. */
import { createHash } from 'node:crypto';
import type { Expansion } from '../model/expansion.ts';
import type { StoredEvent } from '../model/views/event.ts';
import type { EvidenceReport } from '../model/views/expansion.ts';
import type { Observation } from '../model/views/observation.ts';
import { canonicalJson } from './canonical.ts';
import { chainStart, linkHash } from './chain.ts';
import { keyLooks } from './key-looks.ts';
import type { SigningKey } from './signing-key.ts';

/** Another shape is another format. */
const evidenceFormat = 'pika-expander evidence 2';

export interface BundleParts {
  readonly expansion: Expansion;
  /** As for people, in the language in which it is stored. */
  readonly report: EvidenceReport;
  /** All of the expansion, in order of seq. */
  readonly events: readonly StoredEvent[];
  /** Of one server, by its name; in order of seq. */
  readonly looksAt: (name: string) => Promise<readonly Observation[]>;
  /** Of this service. */
  readonly version: string;
  readonly now: number;
  readonly key: SigningKey;
  /** Takes secrets out of each text: servers may repeat them. */
  readonly clean: <T>(value: T) => T;
}

/** The text of the signed document, with the line end that belongs to it. */
export async function evidenceBundle(parts: BundleParts): Promise<string> {
  const { expansion, report, key, clean } = parts;
  const { ofNode: looksOf, ofMaster: masterLooks } = await keyLooks(
    { master: expansion.master.name, nodes: report.nodes.map(({ node }) => node) },
    parts.looksAt,
  );
  const { requestedBy, via, label, acceptedAt, startedAt, endedAt, state } = expansion;
  const { events, chain } = chained(clean(parts.events));
  const content = clean({
    ...report,
    format: evidenceFormat,
    madeAt: parts.now,
    nodes: report.nodes.map((node, index) => ({
      ...node,
      target: expansion.joins[index]!.target,
      looks: shown(looksOf.get(node.node)!),
    })),
    masterLooks: shown(masterLooks),
    policy: expansion.policy,
    request: { requestedBy, via, label, acceptedAt, startedAt, endedAt, state },
    actors: actorsOf(expansion, parts.events),
    versions: {
      service: parts.version,
      master: expansion.capabilities?.version ?? null,
      // As each says itself: 4.0.1 says 4.0.0.
      reported: Object.fromEntries(
        [[expansion.master.name, masterLooks] as const, ...looksOf].map(([name, looks]) => [
          name,
          reportedVersion(looks),
        ]),
      ),
    },
    capabilities: expansion.capabilities,
    binlogFileSizeBytes: expansion.binlogFileSizeBytes,
  });
  return sealed({ ...content, events, chain }, key);
}

/** With its digest and signature. */
export function sealed(content: object, key: SigningKey): string {
  const digest = `sha256:${sha256(canonicalJson(content))}`;
  const signature = {
    algorithm: 'ed25519',
    keyId: key.keyId,
    publicKey: key.publicKey,
    value: key.sign(`${evidenceFormat} ${digest}`),
  };
  return `${canonicalJson({ ...content, digest, signature })}\n`;
}

/** Each event with the hash over the hash before it and itself; `chain`: the last. The first follows 64 zeros. */
export function chained<E extends object>(
  events: readonly E[],
): { readonly events: readonly (E & { readonly hash: string })[]; readonly chain: string } {
  let chain = chainStart;
  const linked = events.map((event) => {
    chain = linkHash(chain, event);
    return { ...event, hash: chain };
  });
  return { events: linked, chain };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const shown = (looks: readonly Observation[]) => looks.map(({ seq, at, look }) => ({ seq, at, look }));

function reportedVersion(looks: readonly Observation[]) {
  const servers = looks.flatMap(({ look }) =>
    look.kind === 'answered' && look.facts.server ? [look.facts.server] : [],
  );
  const { reportedVersion: version = null, gitSha = null } = servers.at(-1) ?? {};
  return { version, gitSha };
}

/** Who asked, and who steered. */
function actorsOf({ requestedBy, via, acceptedAt }: Expansion, events: readonly StoredEvent[]) {
  const steered = events.flatMap(({ type, at, data }) => {
    const { by, verb, node, reason } = ('control' in data ? data.control : data) as Record<string, unknown>;
    return typeof by === 'string'
      ? [{ by, did: verb ?? type, node: node ?? null, reason: reason ?? null, at }]
      : [];
  });
  return [{ by: requestedBy, did: 'request', via, at: acceptedAt }, ...steered];
}

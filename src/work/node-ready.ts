import { observe } from '../admission/observe.ts';
import { placeOf } from '../connectors/connector.ts';
import type { CredentialSource, Engine } from '../engines/engine.ts';
import { notReady } from '../model/node-ready-texts.ts';
import { formatAddress, type Look } from '../model/observation.ts';
import { isActive } from '../model/states.ts';
import type { Said } from '../model/text.ts';
import type { NodeReady } from '../model/views/node-ready.ts';
import type { Address, NodeTarget } from '../model/views/targets.ts';
import { addressKey, masterKey } from '../store/master-key.ts';
import type { LastVerdicts, VerdictStore } from '../store/verdicts.ts';

export interface NodeReadyParts {
  readonly verdicts: Pick<VerdictStore, 'lastOf'>;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly now: () => number;
}

/** A probe waits no longer: kubelet gives it some seconds. */
const lookTimeoutMs = 800;
/** Probes of one node within this time share a look. */
const sharedMs = 2000;
const mostRemembered = 5000;

/** What is stored of a node, weighed: its proof, or what speaks against it. */
interface Weighed {
  readonly proof: NodeReady['proof'];
  readonly against: Said | null;
  readonly target: NodeTarget | null;
  /** Whose slave it is to be. */
  readonly master: NodeTarget | null;
}

/**
 * Makes the function that says whether a node can be given to readers: its last proof holds, no expansion, audit or guard has
 * spoken against it since, and a look at the node finds it a slave of its master with its link up. It costs one query by an
 * index, and one INFO in two seconds; a node that is not proven is not looked at.
 */
export function createNodeReady(
  parts: NodeReadyParts,
): (node: Address, master: Address | null) => Promise<NodeReady> {
  const looks = new Map<string, { readonly at: number; readonly says: Promise<Said | null> }>();

  function lookAt(target: NodeTarget, master: NodeTarget): Promise<Said | null> {
    const key = `${masterKey(target.address)} ${masterKey(master.address)}`;
    const known = looks.get(key);
    if (known !== undefined && parts.now() - known.at < sharedMs) return known.says;
    if (looks.size >= mostRemembered) looks.clear();
    const says = looked(parts, target, master);
    looks.set(key, { at: parts.now(), says });
    return says;
  }

  return async (node, asked) => {
    const { proof, against, target, master } = weigh(node, await parts.verdicts.lastOf(node));
    const name = formatAddress(node);
    const other =
      asked === null || master === null || masterKey(master.address) === masterKey(asked)
        ? null
        : notReady('of_other_master', { node: name, proven: master.name, master: formatAddress(asked) });
    const reason =
      against ?? other ?? (target === null || master === null ? null : await lookAt(target, master));
    return { node: name, ready: reason === null, master: master?.name ?? null, proof, reason };
  };
}

/** Whether the node's turn is to come, or it is being worked on. */
const isAtWork = (phase: NonNullable<LastVerdicts['ofExpansion']>['phase']): boolean =>
  phase !== 'withdrawn' && (phase === 'waiting' || isActive(phase));

/** Pure. What came last counts, and an expansion at work before all. */
function weigh(address: Address, { ofExpansion, ofAudit, unproven }: LastVerdicts): Weighed {
  const node = formatAddress(address);
  const byAudit = ofAudit !== null && ofAudit.at > (ofExpansion?.at ?? Number.NEGATIVE_INFINITY);
  const target = (byAudit ? ofAudit.target : ofExpansion?.target) ?? null;
  const master = byAudit ? masterAt(ofAudit.ofMaster) : (ofExpansion?.master ?? null);
  const wholeAt = [
    ...(ofExpansion?.phase === 'verified' ? [{ at: ofExpansion.at, by: ofExpansion.by }] : []),
    ...(ofAudit?.verdict === 'whole' ? [{ at: ofAudit.at, by: ofAudit.by }] : []),
  ].sort((a, b) => b.at - a.at);
  const proof = wholeAt[0] ?? null;
  const weighed = (against: Said | null): Weighed => ({ proof, against, target, master });

  if (ofExpansion !== null && isAtWork(ofExpansion.phase))
    return weighed(notReady('in_expansion', { node, expansion: ofExpansion.by, phase: ofExpansion.phase }));
  if (byAudit && ofAudit.verdict === 'damaged')
    return weighed(notReady('found_damaged', { node, audit: ofAudit.by }));
  if (!byAudit && ofExpansion !== null && ofExpansion.phase !== 'verified')
    return weighed(
      ofExpansion.phase === 'withdrawn'
        ? notReady('withdrawn', { node, by: ofExpansion.by })
        : notReady('left_unproven', { node, expansion: ofExpansion.by, phase: ofExpansion.phase }),
    );
  if (proof === null) return weighed(notReady('never_proven', { node }));
  if (unproven !== null && unproven.since > proof.at)
    return weighed(notReady('no_longer_proven', { reason: unproven.reason }));
  return weighed(null);
}

/** A master of which only its address is known. */
function masterAt(key: string): NodeTarget {
  const at = key.lastIndexOf(':');
  const address = { host: key.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(key.slice(at + 1)) };
  return { name: addressKey(key), address, seenAs: address, credential: null };
}

/** What a look at the node says against it; null = nothing. */
async function looked(
  { engine, credentials, resolve, now }: NodeReadyParts,
  target: NodeTarget,
  master: NodeTarget,
): Promise<Said | null> {
  const options = { sections: ['replication'], timeoutMs: lookTimeoutMs } as const;
  const { look } = await observe(engine, credentials, target, options, now);
  return judged(look, target.name, await placeOf(master, resolve));
}

function judged(look: Look, node: string, isMaster: (address: Address) => boolean): Said | null {
  if (look.kind !== 'answered') return notReady('gives_no_answer', { node, kind: look.kind });
  const { replication } = look.facts;
  if (replication === undefined) return notReady('gives_no_answer', { node, kind: 'garbled' });
  const { role, masterHost, masterPort, linkStatus, dbStates } = replication;
  if (role === 'master') return notReady('is_no_slave', { node });
  if (!isMaster({ host: masterHost ?? '', port: masterPort ?? 0 }))
    return notReady('follows_another', { node, follows: `${masterHost ?? '?'}:${masterPort ?? '?'}` });
  const states = [...new Set(Object.values(dbStates).filter((state) => state !== 'Connected'))];
  return linkStatus === 'up' && states.length === 0 ? null : notReady('has_no_link', { node, states });
}

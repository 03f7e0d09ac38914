import type { Capabilities } from '../../model/capabilities.ts';

export interface PairVerdict {
  readonly verdict: 'fits' | 'refused' | 'untried';
  /** One plain sentence. */
  readonly reason: string;
}

const fits: PairVerdict = { verdict: 'fits', reason: 'The two versions replicate with each other.' };
const refused = (reason: string): PairVerdict => ({ verdict: 'refused', reason });
const untried = (reason: string): PairVerdict => ({ verdict: 'untried', reason });

/**
 * Whether a node can be a slave of a master by their versions, from the messages that each release sends
 * (pika_inner_message.proto); recordings 16 confirm it for 3.5.4 with 4.0.1.
 */
export function versionPair(master: Capabilities, node: Capabilities): PairVerdict {
  if (master.version === node.version) return fits;
  if (master.family === 'unknown' || node.family === 'unknown')
    return untried(`Nothing is known of a ${node.version} slave of a ${master.version} master.`);
  if (master.family === node.family) return withinFamily(master, node);
  return acrossFamilies(master, node);
}

function withinFamily(master: Capabilities, node: Capabilities): PairVerdict {
  if (master.family === '3.5') return within35(master, node);
  if (master.family === '4.0')
    return refused(
      'The storage format changed between 4.0.0 and 4.0.1 (unit of the TTL), so the two must not be mixed; run one version on both.',
    );
  return untried(`A ${node.version} slave of a ${master.version} master has not been tried.`);
}

function within35(master: Capabilities, node: Capabilities): PairVerdict {
  if (!master.hasReplicationId && node.hasReplicationId)
    return refused(
      'A 3.5.0 master sends no replication id, so a slave of 3.5.1 or later repeats its first request for ever.',
    );
  if (master.hasReplicationId && !node.hasReplicationId)
    return untried('A 3.5.0 slave of a later 3.5 master has not been tried.');
  return fits;
}

const is3Push = (c: Capabilities) => c.family === '3.3' || c.family === '3.4';

function acrossFamilies(master: Capabilities, node: Capabilities): PairVerdict {
  if (is3Push(master) && is3Push(node))
    return untried(`A ${node.version} slave of a ${master.version} master has not been tried.`);
  if (is3Push(node))
    return refused(
      `A ${node.version} slave waits for files that a ${master.version} master never pushes: it would stay in WaitDBSync for ever.`,
    );
  if (is3Push(master))
    return refused(
      `A ${node.version} slave cannot read the answer of a ${master.version} master (a field is missing in it): the link stays down for good.`,
    );
  if (node.family === '4.0')
    return refused(
      `A ${node.version} slave cannot read the answer of a ${master.version} master (db_instance_num is missing in it): NoConnect for good (recording 16-4.0.1).`,
    );
  return refused(
    `A ${node.version} slave cannot store the directory layout of a ${master.version} master: it stays in WaitDBSync for ever (recording 16-3.5.4).`,
  );
}

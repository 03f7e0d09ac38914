import type { SimNode } from './world.ts';

/** CONFIG REWRITE: all settings and the present master reach the file. */
export function rewriteConfig(node: SimNode): void {
  node.persisted.settings = new Map(node.settings);
  node.persisted.slaveof = slaveofText(node);
  node.persisted.replicationId = node.replicationId;
  node.persisted.masterRunId = node.masterRunId;
  node.persisted.unfinished = new Set(node.unfinished);
}

/** ConfigRewriteReplicationID: writes the id and what CONFIG SET and SLAVEOF changed, but no empty value. */
export function persistReplicationId(node: SimNode): void {
  const { slaveof } = node.persisted;
  rewriteConfig(node);
  if (node.persisted.slaveof === '') node.persisted.slaveof = slaveof;
}

const slaveofText = ({ master }: SimNode): string => (master === null ? '' : `${master.host}:${master.port}`);

import { describe, expect, it } from 'vitest';
import { processContext, speaking } from '../../src/cli/context.ts';
import { joinLine } from '../../src/cli/render/expansion.ts';
import { renderNode } from '../../src/cli/render/node.ts';
import { styleFor } from '../../src/cli/style.ts';
import { shownAttempts, shownDisks, shownLog } from '../../src/model/shown-host.ts';
import type { NodeDetail } from '../../src/model/views/expansion.ts';
import { copyingHosts, sightOf, space } from '../support/agents.ts';
import { readers } from '../support/texts.ts';
import { joinOf } from './fake-api.ts';

const plain = styleFor({ ...speaking('en', processContext()), env: { NO_COLOR: '1' } });
const at = Date.UTC(2026, 10, 28, 12);
const node: NodeDetail = {
  ...joinOf('10.0.0.2:9221', 0, 'transferring'),
  phases: [{ phase: 'attaching', at, attempt: 1 }],
  hosts: copyingHosts(at, 1e9),
};
const copying: NodeDetail = {
  ...node,
  progress: {
    ...node.progress,
    snapshotBytes: 1e9,
    receivedBytes: 6e8,
    files: { copied: 32, listed: 54 },
  },
};

describe('show --node', () => {
  const text = renderNode(copying, plain, at + 8000).join('\n');

  it('shows files against the list of the dump, disks with what is still to come, and the logs on one time', () => {
    expect(text).toContain('32 of 54 came');
    expect(text).toContain('400 MB are still to come');
    expect(text).toContain('db-path, db-sync-path (/data/pika/db)');
    expect(text).toContain('“agent-1” told of the node 2.0 s ago');
    const lines = text.split('\n');
    const of = (words: string) => lines.findIndex((line) => line.includes(words));
    // The master begins its dump after the node was granted the full sync, and before the node has its list.
    expect(of('bgsave_info')).toBeGreaterThan(of('Need Wait To Sync'));
    expect(of('copy meta data done')).toBeGreaterThan(of('bgsave_info'));
  });

  it('says what nobody sees without agents', () => {
    const blind = renderNode({ ...node, hosts: { node: null, master: null } }, plain, at).join('\n');
    expect(blind).toContain(
      'no agent reports from the host of the node; no agent reports from the host of the master',
    );
    expect(blind).not.toContain('Disks');
  });

  it('the live bar has files beside bytes where an agent tells', () => {
    const bar = joinLine(copying, 13, 160, plain, at);
    expect(bar).toContain('600 MB of 1.0 GB, 32 of 54 files');
    expect(
      joinLine({ ...copying, progress: { ...copying.progress, files: null } }, 13, 160, plain, at),
    ).not.toContain('files');
  });
});

describe('what is shown of a host', () => {
  it('has each mount once, and says where the rest of the copy must go', () => {
    const paths = { db: space('/a', 1), dbSync: space('/b', 2, 1e8), log: space('/a/log', 1) };
    const disks = shownDisks({ ...copying, hosts: { node: sightOf(at, { paths }), master: null } });
    expect(disks.map(({ settings, awaitedBytes }) => [settings.join(' '), awaitedBytes])).toEqual([
      ['db-path log-path', null],
      ['db-sync-path', 4e8],
    ]);
    // Of a whole copy less than the snapshot can have come: both figures are samples.
    const after = shownDisks({
      ...copying,
      phase: 'verified',
      hosts: { node: sightOf(at, { paths }), master: null },
    });
    expect(after.map(({ awaitedBytes }) => awaitedBytes)).toEqual([null, null]);
  });

  it('has of the log of the master nothing that came after the node was done: it is about the next node', () => {
    const of = (phaseSince: number) =>
      shownLog({ ...node, phase: 'verified', phaseSince }, at, readers[0]!).map(({ code }) => code);
    expect(of(at + 1000)).not.toContain('list_served');
    expect(of(at + 1000)).toContain('dump_begun');
    expect(of(at + 1000)).toContain('copy_begins');
    expect(of(at + 3000)).toContain('list_served');
  });

  it('has the full syncs of this expansion alone', () => {
    expect(shownAttempts(node.hosts, at)).toHaveLength(1);
    expect(shownAttempts(node.hosts, at + 1)).toEqual([]);
  });

  it('has the meaning of each line in the language of the reader', () => {
    for (const reader of readers)
      for (const { meaning, code } of shownLog(node, 0, reader)) expect(meaning).not.toBe(code);
  });
});

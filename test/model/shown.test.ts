import { expect, it } from 'vitest';
import { shownLines } from '../../src/cli/render/expansion.ts';
import { type ShownRow, shown, shownRows } from '../../src/model/shown.ts';
import { plain } from '../../src/model/text.ts';
import { expansionOf } from '../cli/fake-api.ts';

const expansion = { ...expansionOf(['10.0.0.2:9221']), label: 'for the sale' };

const operator = { language: 'en', tool: 'cli' } as const;

it('shows a fact that is added to the table on the command line and in the dashboard, in both languages', () => {
  const more: readonly ShownRow[] = [
    ...shownRows,
    {
      name: 'ticket',
      where: 'head',
      label: plain('Ticket', '工单'),
      value: ({ joins }) => `OPS-${joins.length}`,
    },
  ];
  expect(shownLines(expansion, operator, more)).toContain('  Ticket: OPS-1');
  const labels = (['en', 'zh'] as const).map((language) =>
    shown(expansion, 'head', { language, tool: 'dashboard' }, more).find(({ name }) => name === 'ticket'),
  );
  expect(labels).toEqual([
    { name: 'ticket', label: 'Ticket', value: 'OPS-1', help: null },
    { name: 'ticket', label: '工单', value: 'OPS-1', help: null },
  ]);
});

it('leaves out what has no value, and shows quantities with their units', () => {
  const running = { ...expansion, label: null, endedAt: null };
  expect(shownLines(running, operator).join('\n')).not.toMatch(/Label|Took/);
  const ended = { ...expansion, startedAt: 1000, endedAt: 61_000 };
  expect(shownLines(ended, operator)).toEqual(
    expect.arrayContaining(['  Label: for the sale', '  Took: 60 s']),
  );
  expect(shown(ended, 'head', { language: 'zh', tool: 'dashboard' })).toContainEqual(
    expect.objectContaining({ label: '用时', value: '60 秒' }),
  );
  const policy = { ...expansion.policy, bandwidthBytesPerSecond: 62_900_000 };
  expect(shown({ ...expansion, policy }, 'pace', { language: 'zh', tool: 'dashboard' })[0]).toMatchObject({
    label: '带宽',
    value: '62.9 MB/s',
  });
});

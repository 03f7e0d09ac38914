import { describe, expect, it } from 'vitest';
import { expansionView } from '../../src/api/views.ts';
import { parseNode } from '../../src/cli/targets.ts';
import { indexAt, topsOf } from '../../src/dashboard/components/row-tops.ts';
import {
  formatBytes,
  formatDuration,
  formatMoment,
  formatRate,
  formatShare,
  nodeNameParts,
} from '../../src/dashboard/format.ts';
import { EventLog } from '../../src/dashboard/live/event-log.ts';
import { lagsFromMaster, ratesFromObservations } from '../../src/dashboard/live/history.ts';
import {
  batchBands,
  restingSince,
  spansOf,
  ticksOf,
  timeRange,
} from '../../src/dashboard/pages/expansion/lanes.ts';
import { measuredNow } from '../../src/dashboard/pages/expansion/progress.ts';
import { wholeSeconds } from '../../src/dashboard/pages/expansion/remaining.ts';
import { alignSeries, roundSteps } from '../../src/dashboard/pages/expansion/series.ts';
import { layoutTopology } from '../../src/dashboard/pages/expansion/topology-layout.ts';
import { isAddress, parseNodes } from '../../src/dashboard/pages/new-expansion/parse-nodes.ts';
import { expansionStates, type Join, joinPhases } from '../../src/model/expansion.ts';
import { en } from '../../src/model/labels/en.ts';
import { zh } from '../../src/model/labels/zh.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import { MockWorld } from './mock-world.ts';

describe('pasted nodes', () => {
  it('are read from lines, blanks, commas and semicolons, without comments', () => {
    const { nodes, problems } = parseNodes(
      '10.0.0.1:9221\n10.0.0.2:9221, db-3.example:9221; [fd00::1]:9221 # the last\n\n# none',
    );
    expect(nodes.map((node) => node.address)).toEqual([
      '10.0.0.1:9221',
      '10.0.0.2:9221',
      'db-3.example:9221',
      '[fd00::1]:9221',
    ]);
    expect(problems).toEqual([]);
  });

  const untold = { seenAs: null, credential: null, overwriteData: false, repoint: false };

  it('can say what the command line says of a node, in the same words', () => {
    const text =
      '10.0.0.5:9221,overwrite-data,seen-as=192.168.7.2:9221\n10.0.0.6:9221, 10.0.0.7:9221,repoint,credential=old';
    expect(parseNodes(text)).toEqual({
      nodes: [
        { ...untold, address: '10.0.0.5:9221', overwriteData: true, seenAs: '192.168.7.2:9221' },
        { ...untold, address: '10.0.0.6:9221' },
        { ...untold, address: '10.0.0.7:9221', repoint: true, credential: 'old' },
      ],
      problems: [],
    });
    for (const [node, permits] of [
      [
        '10.0.0.5:9221,overwrite-data,seen-as=192.168.7.2:9221',
        { overwriteData: true, seenAs: '192.168.7.2:9221' },
      ],
      ['10.0.0.7:9221,repoint,credential=old', { repoint: true, credential: 'old' }],
    ] as const)
      expect(parseNode(node)).toEqual({ address: node.split(',')[0], ...permits });
  });

  it('can say under which address the others see them', () => {
    expect(parseNodes('127.0.0.1:9301 seen-as 10.0.0.5:9221\n10.0.0.6:9221').nodes).toEqual([
      { ...untold, address: '127.0.0.1:9301', seenAs: '10.0.0.5:9221' },
      { ...untold, address: '10.0.0.6:9221' },
    ]);
  });

  it('say which word behind an address is wrong', () => {
    expect(parseNodes('10.0.0.1:9221,overwrite\n10.0.0.2:9221,seen-as=foo\n10.0.0.3').problems).toEqual([
      { line: 1, text: 'overwrite', kind: 'option' },
      { line: 2, text: 'seen-as=foo', kind: 'option' },
      { line: 3, text: '10.0.0.3', kind: 'invalid' },
    ]);
  });

  it('are refused by line when they are no address or come twice', () => {
    expect(parseNodes('10.0.0.1:9221\nnonsense\n10.0.0.2:99999\n10.0.0.1:9221').problems).toEqual([
      { line: 2, text: 'nonsense', kind: 'invalid' },
      { line: 3, text: '10.0.0.2:99999', kind: 'invalid' },
      { line: 4, text: '10.0.0.1:9221', kind: 'twice' },
    ]);
    expect(parseNodes('10.0.0.1:9221 seen-as').problems).toHaveLength(1);
  });

  it.each(['10.0.0.1', ':9221', '10.0.0.1:0', '10.0.0.1:65536', 'a b:1', 'host:12x'])(
    '%s is no address',
    (text) => {
      expect(isAddress(text)).toBe(false);
    },
  );
});

describe('rows of different heights', () => {
  const heights = new Map([
    [2, 50],
    [4, 70],
  ]);
  const tops = topsOf([1, 2, 3, 4], heights, 20);

  it('begin where those before them end', () => {
    expect([...tops]).toEqual([0, 20, 70, 90, 160]);
  });

  it.each([
    [-5, 0],
    [0, 0],
    [19, 0],
    [20, 1],
    [69, 1],
    [90, 3],
    [500, 3],
  ])('at %i px is the row %i', (top, index) => {
    expect(indexAt(tops, top)).toBe(index);
  });

  it('are none in an empty list', () => {
    expect(indexAt(topsOf([], heights, 20), 40)).toBe(0);
  });
});

describe('what is still to be done', () => {
  const range = (expected: number) => ({ low: 0, expected, high: 2 * expected });
  const batch = (number: number, seconds: number | null) =>
    ({ batch: number, seconds: seconds === null ? null : range(seconds) }) as never;
  const world = new MockWorld(1_000_000);
  const nodes = ['10.0.0.2:9221', '10.0.0.3:9221', '10.0.0.4:9221'];
  const { id } = world.add({ master: '10.0.0.1:9221', nodes });
  world.advance(6_000);
  const expansion = expansionView(world.get(id)!);
  const planned = (...seconds: (number | null)[]) =>
    ({ ...expansion, forecast: { batches: seconds.map((each, index) => batch(index, each)) } }) as never;
  const began = expansion.joins[0]!.attempts[0]!.startedAt;

  it('is the rest of the batch at work and all batches after it', () => {
    expect(wholeSeconds(planned(100, 40, 30), began + 10_000)).toBe(90 + 40 + 30);
  });

  it('is as long at least as the copies that run need by their rate', () => {
    const copying = expansion.joins[0]!.progress.remainingSeconds!;
    expect(copying).toBeGreaterThan(0);
    expect(wholeSeconds(planned(1, 40, 30), began + 60_000)).toBe(copying + 70);
  });

  it('is not known without a forecast, or where it leaves a batch out', () => {
    expect(wholeSeconds({ ...expansion, forecast: null }, 0)).toBeNull();
    expect(wholeSeconds(planned(100, null, 30), began)).toBeNull();
  });
});

describe('what is measured of a node now', () => {
  const world = new MockWorld(1_000_000);
  const { id } = world.add({ master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221'] });
  world.advance(6_000);
  const [join] = expansionView(world.get(id)!).joins;
  const progress = { ...join!.progress, lagBytes: 5_000, bytesPerSecond: 9_000, remainingSeconds: 3 };

  it.each([
    ['transferring', 9_000, null],
    ['swapping', null, null],
    ['catching_up', null, 5_000],
    ['verifying', null, 5_000],
    ['verified', null, null],
  ] as const)('has in the phase %s the rate %s and the lag %s', (phase, bytesPerSecond, lagBytes) => {
    expect(measuredNow({ phase, progress })).toMatchObject({ bytesPerSecond, lagBytes });
  });

  it('is nothing but what had come while it does not answer', () => {
    const silent = { how: 'busy', since: 0, attemptEndsAt: 1 } as const;
    expect(measuredNow({ phase: 'transferring', progress: { ...progress, silent } })).toMatchObject({
      bytesPerSecond: null,
      remainingSeconds: null,
      receivedBytes: progress.receivedBytes,
    });
  });
});

describe('the axes of the charts', () => {
  it('have steps that read as round numbers', () => {
    for (const step of roundSteps.filter((each) => each >= 1000))
      expect(formatBytes(step)).toMatch(/^[125]0{0,2}(?:\.0)? [KMGTP]B$/);
  });
});

describe('numbers for people', () => {
  const units = en.units;

  it('shows bytes as the rest of the service does', () => {
    expect([0, 999, 1500, 512e6, 1.5e12].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.5 KB',
      '512 MB',
      '1.5 TB',
    ]);
    expect(formatRate(40e6)).toBe('40.0 MB/s');
  });

  it('shows durations by their two largest units', () => {
    const shown = [400, 9_949, 9_960, 59_400, 61_000, 3_600_000, 3_725_000, 90_000_000].map((ms) =>
      formatDuration(ms, units),
    );
    expect(shown).toEqual(['0.4 s', '9.9 s', '10 s', '59 s', '1 min 1 s', '1 h', '1 h 2 min', '1 d 1 h']);
  });

  it('never says 100 % before it is all', () => {
    expect([0, 0.004, 0.5, 0.9999, 1].map(formatShare)).toEqual([
      '0.00 %',
      '0.40 %',
      '50 %',
      '99.9 %',
      '100 %',
    ]);
  });

  it.each([
    ['10.20.0.31:9221', '.0.31:9221'],
    ['[2001:db8::1370:7334]:9221', '7334]:9221'],
    ['db-17.dc-east.example:19221', ':19221'],
    ['no-port', ''],
  ])('keeps of the name %s the end that tells it from its neighbours', (name, end) => {
    const [head, tail] = nodeNameParts(name);
    expect([head + tail, tail]).toEqual([name, end]);
  });

  it('leaves out of a moment what is the same today', () => {
    const now = new Date(2026, 10, 22, 21, 0, 0).getTime();
    expect(formatMoment(new Date(2026, 10, 22, 20, 4, 5).getTime(), now)).toBe('20:04:05');
    expect(formatMoment(new Date(2026, 10, 21, 20, 4, 5).getTime(), now)).toBe('11-21 20:04');
    expect(formatMoment(new Date(2025, 10, 21, 20, 4, 5).getTime(), now)).toBe('2025-11-21 20:04');
  });
});

describe('the two languages', () => {
  type Tree = { readonly [key: string]: unknown };

  /** Every text by its place; what takes arguments is called with samples. */
  function texts(tree: Tree, path = ''): Map<string, string> {
    const found = new Map<string, string>();
    for (const [key, value] of Object.entries(tree)) {
      const place = `${path}${key}`;
      if (typeof value === 'function')
        found.set(place, String((value as (...a: unknown[]) => string)(7, 'A1', 'B2')));
      else if (typeof value === 'object' && value !== null)
        for (const [k, v] of texts(value as Tree, `${place}.`)) found.set(k, v);
      else found.set(place, String(value));
    }
    return found;
  }

  it('claim no rule of a verified node that nobody could judge', () => {
    for (const { phaseHelp } of [en, zh]) expect(phaseHelp.verified).not.toMatch(/every rule|全部/i);
  });

  it('have the same texts, none of them empty', () => {
    expect([...texts(zh).keys()].sort()).toEqual([...texts(en).keys()].sort());
    for (const [place, text] of [...texts(en), ...texts(zh)])
      expect([place, text.length > 0]).toEqual([place, true]);
  });

  it('are both really translated: nothing of the English stands in the Chinese but names and symbols', () => {
    const chinese = texts(zh);
    const same = [...texts(en)]
      .filter(([place, text]) => chinese.get(place) === text)
      .map(([place]) => place);
    expect(same.sort()).toEqual(
      [
        'app.name',
        'channels.kinds.slack',
        'channels.languages.en',
        'channels.languages.zh',
        'comparisons.db',
        'comparisons.key',
        'newExpansion.masterPlaceholder',
        'newExpansion.replicationId',
        'timeline.span',
        'units.gap',
      ].sort(),
    );
  });

  it.each([en, zh])('name every state and phase ($languageName)', (messages) => {
    expect(Object.keys(messages.states).sort()).toEqual([...expansionStates].sort());
    expect(Object.keys(messages.phases).sort()).toEqual([...joinPhases].sort());
    expect(Object.keys(messages.phaseHelp).sort()).toEqual([...joinPhases].sort());
  });
});

describe('the event stream', () => {
  it('keeps each event once, in order, whatever comes twice', () => {
    const event = (seq: number) => ({ seq, type: 'x' }) as unknown as StoredEvent;
    const log = new EventLog();
    let told = 0;
    log.subscribe(() => {
      told += 1;
    });
    expect(log.add([event(3), event(5)]).map(({ seq }) => seq)).toEqual([3, 5]);
    expect(log.add([event(3), event(5), event(6)]).map(({ seq }) => seq)).toEqual([6]);
    expect(log.add([event(6)])).toEqual([]);
    expect(log.items.map(({ seq }) => seq)).toEqual([3, 5, 6]);
    expect(told).toBe(2);
  });
});

describe('the timeline', () => {
  const world = new MockWorld(1_000_000);
  const { id } = world.add({ master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221', '10.0.0.3:9221'] });
  world.runToRest(id);
  const expansion = world.get(id)!;

  it('puts the phases of a node end to end', () => {
    const spans = spansOf(expansion.joins[0] as Join, expansion.endedAt!);
    for (const [index, span] of spans.slice(1).entries()) expect(span.from).toBe(spans[index]!.to);
  });

  it('shows batches that never overlap where one waits for the other', () => {
    const [first, second] = batchBands(expansion.joins, expansion.endedAt!);
    expect(first!.to).toBeLessThanOrEqual(second!.from);
  });

  it('ends where nothing goes on any more, and goes on while a node is at work', () => {
    expect(restingSince(expansion)).toBe(expansion.endedAt);
    const halted = { ...expansion, state: 'halted' as const, endedAt: null, stateSince: 1_050_000 };
    expect(restingSince(halted)).toBe(1_050_000);
    const working = { ...halted, joins: [{ ...expansion.joins[0]!, phase: 'transferring' as const }] };
    expect(restingSince(working)).toBeNull();
    expect(timeRange(expansion, 0).to).toBeGreaterThan(timeRange(expansion, 0).from);
  });

  it('has a readable number of marks for seconds and for days', () => {
    for (const length of [1_000, 59_000, 3_600_000, 20 * 86_400_000, 900 * 86_400_000]) {
      const ticks = ticksOf(length, 10);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(13);
    }
  });
});

describe('the topology picture', () => {
  it.each([
    [800, 0, 1],
    [800, 3, 6],
    [1000, 20, 200],
    [330, 2, 6],
    [330, 9, 200],
  ])(
    '%i px wide, with %i old slaves and %i nodes, keeps everything inside and apart',
    (width, old, nodes) => {
      const layout = layoutTopology(width, old, nodes);
      const boxes = [layout.master, ...layout.old, ...layout.nodes];
      expect(layout.nodes).toHaveLength(nodes);
      for (const [index, box] of boxes.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(layout.height);
        expect(box.width).toBeGreaterThan(0);
        const overlapping = boxes
          .slice(index + 1)
          .filter(
            (other) =>
              box.x + box.width > other.x &&
              other.x + other.width > box.x &&
              box.y + box.height > other.y &&
              other.y + other.height > box.y,
          );
        expect(overlapping).toEqual([]);
      }
    },
  );
});

describe('rates and lags from what was recorded', () => {
  const world = new MockWorld(1_000_000);
  const node = '10.0.0.2:9221';
  const { id } = world.add({ master: '10.0.0.1:9221', nodes: [node] });
  world.runToRest(id);
  const of = (name: string) => world.observations.filter((item) => item.node === name);

  it('takes the rate from the byte counter, and none from a counter that fell', () => {
    const rates = ratesFromObservations(of(node));
    const fast = rates.filter((sample) => (sample.rate ?? 0) > 1e6);
    expect(fast.length).toBeGreaterThan(3);
    for (const { rate } of fast) expect(rate).toBeLessThan(60 * 1024 * 1024);
    const looks = of(node)
      .slice(0, 2)
      .map((item, index) => ({
        ...item,
        look: {
          ...item.look,
          at: 1000 * (index + 1),
          facts: { stats: { replInputBytes: index === 0 ? 500 : 20 } },
        },
      }));
    expect(ratesFromObservations(looks as never)).toEqual([]);
  });

  it('takes the lag as a number only where the master gives one', () => {
    const lags = lagsFromMaster(of('10.0.0.1:9221'), { host: '10.0.0.2', port: 9221 });
    expect(lags.length).toBeGreaterThan(0);
    for (const { lag } of lags) expect(lag).toEqual(expect.any(Number));
    expect(lagsFromMaster(of('10.0.0.1:9221'), { host: '10.0.0.9', port: 9221 })).toEqual([]);
  });

  it('puts lines on one axis, broken where nothing was known for a while', () => {
    const sample = (at: number, rate: number) => ({ at, rate, lag: null });
    const [times, first, second] = alignSeries(
      [[sample(1_000, 1), sample(60_000, 2)], [sample(2_000, 3)]],
      'rate',
    );
    expect(times).toEqual([1, 1.001, 2, 60]);
    expect(first).toEqual([1, null, undefined, 2]);
    expect(second).toEqual([undefined, undefined, 3, undefined]);
  });
});

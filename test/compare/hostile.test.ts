import { describe, expect, it } from 'vitest';
import { type ComparisonSpec, resolveSpec } from '../../src/compare/compare.ts';
import { run } from '../../src/compare/run.ts';
import { type Answer, array, bulk, fakeServer, soundAnswer } from './fake-server.ts';

async function compare(answers: readonly [Answer, Answer], spec: Partial<ComparisonSpec>) {
  const [left, right] = [await fakeServer(answers[0]), await fakeServer(answers[1])];
  try {
    return (await run({ left: left.endpoint, right: right.endpoint, spec: resolveSpec(spec) })).report;
  } finally {
    await Promise.all([left.stop(), right.stop()]);
  }
}

const kinds = ['redis', 'pika'] as const;

const commandsOf = {
  redis: ['INFO', 'SELECT', 'SCAN', 'MGET', 'TYPE', 'HLEN', 'HGETALL', 'PEXPIRETIME'],
  pika: ['INFO', 'SELECT', 'PKSCANRANGE', 'TTL', 'HLEN', 'HGETALL'],
} as const;

/** Answers `command` with `text`, and everything else as it should be. */
const except =
  (sound: Answer, command: string, text: string): Answer =>
  (parts, socket) =>
    parts[0]!.toUpperCase() === command ? text : sound(parts, socket);

const garbage = {
  'a number': ':12345\r\n',
  'a negative number': ':-7\r\n',
  'an empty array': '*0\r\n',
  nil: '$-1\r\n',
  'no array': '*-1\r\n',
  'an array of nils': '*2\r\n$-1\r\n$-1\r\n',
  'an array of numbers': '*2\r\n:1\r\n:2\r\n',
  'arrays in arrays': `${'*1\r\n'.repeat(200)}:1\r\n`,
  'a huge array': '*2000000000\r\n:1\r\n',
  'a huge string': '$2000000000\r\nx\r\n',
  'an error': '-ERR no\r\n',
  'a refusal': '-NOPERM this user has no permissions\r\n',
  'that it loads': '-LOADING Redis is loading the dataset in memory\r\n',
  'that the key is elsewhere': '-MOVED 866 127.0.0.1:6381\r\n',
  'another protocol': 'HTTP/1.1 200 OK\r\n\r\n<html>',
  text: '+OK\r\n',
} as const;

/** Answers among them that a sound server could give just as well. */
const sound: Readonly<Record<string, string>> = {
  SELECT: 'text',
  PEXPIRETIME: 'a number',
  TTL: 'a number',
  HGETALL: 'an empty array',
};

describe.each(kinds)('two fake servers of kind %s', (kind) => {
  const both = (more: (answer: Answer) => Answer): readonly [Answer, Answer] => [
    more(soundAnswer(kind, 'a')),
    more(soundAnswer(kind, 'b')),
  ];

  it.each(['full', 'sample'] as const)('are equal while they answer as they should (%s)', async (depth) => {
    const report = await compare(
      both((answer) => answer),
      { depth, timeoutMs: 30_000 },
    );
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeysByType: { string: 2, hash: 1 } });
  });

  describe.each(commandsOf[kind])('answering %s', (command) => {
    const answers = Object.entries(garbage).filter(([name]) => sound[command] !== name);
    // Each waits for what never comes: together they wait once.
    it.concurrent.each(answers)('with %s, on both sides alike, are never equal', async (_, text) => {
      const report = await compare(
        both((answer) => except(answer, command, text)),
        { depth: 'full', timeoutMs: 300 },
      );
      expect(report).toMatchObject({ verdict: 'inconclusive', reason: expect.stringMatching(/./) });
    });
  });
});

describe('two fake servers whose ranges are alike and none', () => {
  it.concurrent.each([
    ['a key without its value', array(bulk(''), array(bulk('a'), bulk('value of a'), bulk('b')))],
    ['no keys', array(bulk(''))],
    ['something behind the keys', array(bulk(''), array(bulk('a'), bulk('value of a')), bulk('b'))],
    ['no next key', array(array(bulk('a'), bulk('value of a')))],
  ])('with %s are never equal', async (_, text) => {
    const withValues =
      (sound: Answer): Answer =>
      (parts, socket) =>
        parts[1] === 'string_with_value' ? text : sound(parts, socket);
    const answers = [withValues(soundAnswer('pika', 'a')), withValues(soundAnswer('pika', 'b'))] as const;
    const report = await compare(answers, { depth: 'full', timeoutMs: 300 });
    expect(report).toMatchObject({ verdict: 'inconclusive' });
  });
});

describe('two fake servers with a large list', () => {
  const items = Array.from({ length: 600 }, (_, i) => `${i}`);
  const piece = (start: number, stop: number) => array(...items.slice(start, stop + 1).map(bulk));
  const withList =
    (pieceOf: (start: number, stop: number) => string) =>
    (name: string): Answer => {
      const sound = soundAnswer('redis', name);
      return (parts, socket) => {
        if (parts[0] === 'SCAN') return array(bulk('0'), array(bulk('l')));
        if (parts[0] === 'MGET') return array('$-1\r\n');
        if (parts[0] === 'TYPE') return '+list\r\n';
        if (parts[0] === 'LLEN') return `:${items.length}\r\n`;
        return parts[0] === 'LRANGE' ? pieceOf(Number(parts[2]), Number(parts[3])) : sound(parts, socket);
      };
    };

  it('are equal while it is one', async () => {
    const list = withList(piece);
    const report = await compare([list('a'), list('b')], { depth: 'full', timeoutMs: 30_000 });
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeysByType: { list: 1 } });
  });

  it.concurrent.each(['*-1\r\n', '*2\r\n:1\r\n:2\r\n', ':1\r\n', '$-1\r\n'])(
    'are never equal where pieces of it are %j',
    async (text) => {
      const list = withList(() => text);
      const report = await compare([list('a'), list('b')], { depth: 'full', timeoutMs: 300 });
      expect(report).toMatchObject({ verdict: 'inconclusive' });
    },
  );
});

describe('two fake servers that cut their answers alike', () => {
  const whole = array(bulk('value of a'), bulk('value of b'));
  const cut =
    (text: string) =>
    (name: string): Answer => {
      const sound = soundAnswer('redis', name);
      return (parts, socket) => {
        if (parts[0] === 'SCAN') return array(bulk('0'), array(bulk('a'), bulk('b')));
        return parts[0] === 'MGET' ? text : sound(parts, socket);
      };
    };

  it('are equal while they do not', async () => {
    const report = await compare([cut(whole)('a'), cut(whole)('b')], { depth: 'full', timeoutMs: 30_000 });
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: 2 });
  });

  it.concurrent.each([1, 4, 10, 20, 30])('by %i bytes are never equal', async (bytes) => {
    const text = whole.slice(0, -bytes);
    const report = await compare([cut(text)('a'), cut(text)('b')], { depth: 'full', timeoutMs: 300 });
    expect(report).toMatchObject({ verdict: 'inconclusive' });
  });

  it('by one value are never equal', async () => {
    const text = `*2\r\n${bulk('value of a')}`;
    const report = await compare([cut(text)('a'), cut(text)('b')], { depth: 'full', timeoutMs: 300 });
    expect(report).toMatchObject({ verdict: 'inconclusive' });
  });
});

describe('a fake server that hides a command in its answers', () => {
  const strings = (...texts: readonly string[]) => texts.map(bulk).join('');
  const members = [...Array(600).keys()].map(String);
  /** Of names: one string less than announced, and then a command. */
  const hidden = array(bulk('FLUSHALL'));
  const answers: Readonly<Record<string, (sound: Answer) => Answer>> = {
    SCAN: (sound) => except(sound, 'SCAN', `*2\r\n${bulk('0')}*3\r\n${strings('a', 'b', 'h')}${hidden}`),
    SSCAN: (sound) => (parts, socket) =>
      parts[0] === 'SSCAN'
        ? `*2\r\n${bulk('0')}*${members.length}\r\n${strings(...members)}${hidden}`
        : sound(parts, socket),
  };
  const ofLargeSet =
    (sound: Answer): Answer =>
    (parts, socket) => {
      if (parts[0] === 'TYPE') return '+set\r\n';
      if (parts[0] === 'MGET') return array(...parts.slice(1).map(() => '$-1\r\n'));
      if (parts[0] === 'SCARD') return `:${members.length}\r\n`;
      if (parts[0] === 'SSCAN') return array(bulk('0'), array(...[...members].reverse().map(bulk)));
      return sound(parts, socket);
    };

  it.each(Object.keys(answers))('in that to %s, does not reach the other server with it', async (command) => {
    const commands = new Set<string>();
    const left = answers[command]!(ofLargeSet(soundAnswer('redis', 'a')));
    const sound = ofLargeSet(soundAnswer('redis', 'b'));
    const right: Answer = (parts, socket) => {
      commands.add(parts[0]!);
      return sound(parts, socket);
    };
    const report = await compare([left, right], { depth: 'full', timeoutMs: 300 });
    expect(report.verdict).toBe('inconclusive');
    expect(commands).toContain(command === 'SSCAN' ? 'SSCAN' : 'INFO');
    expect(commands).not.toContain('FLUSHALL');
  });
});

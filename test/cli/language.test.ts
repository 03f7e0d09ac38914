import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processContext, speaking } from '../../src/cli/context.ts';
import { loadEntrances } from '../../src/cli/load-entrances.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { helpZh } from '../../src/model/command-line/help-zh.ts';
import { commandLine } from '../../src/model/command-line/index.ts';
import { said } from '../support/said.ts';
import { FakeApi, joinOf } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());

const inChinese = (...args: string[]) => new Harness().run('--url', api.url, '--lang', 'zh', ...args);
const nodes = ['-m', '10.0.0.1:9221', '10.0.0.2:9221'];

/** What is no sentence of ours: ids, addresses, codes, commands to copy. */
const sentence = /\b[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}/;
const english = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => !/\p{Script=Han}/u.test(line) && sentence.test(line.replace(/pika-expander .*/, '')));

describe('the language', () => {
  it.each([
    [{}, [], 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, [], 'zh'],
    [{ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' }, [], 'en'],
    [{ LC_MESSAGES: 'zh_TW' }, [], 'zh'],
    [{ LANG: 'zh_CN.UTF-8' }, ['--lang', 'en'], 'en'],
    [{}, ['--lang=zh'], 'zh'],
    [{ LANG: 'de_DE.UTF-8' }, [], 'en'],
  ] as const)('of %j with %j is %s, also for what the service says', async (env, flags, language) => {
    api.set({ state: 'succeeded' });
    const { out } = await new Harness({ env }).run('--url', api.url, 'list', ...flags);
    expect(out).toContain(commandLine[language].lists.columns.state);
    expect(api.requests[0]!.headers['accept-language']).toBe(language);
  });

  it('that is not known is refused', async () => {
    const { exitCode, err } = await new Harness().run('list', '--lang', 'fr');
    expect(exitCode).toBe(2);
    expect(err).toContain('The option --lang is "fr"; it can be en, zh.');
  });
});

describe('in Chinese', () => {
  it.each([
    [['plan', ...nodes]],
    [['expand', ...nodes, '--yes', '--detach']],
    [['expand', ...nodes]],
    [['show']],
    [['list']],
    [['pause', 'exp_1', '--reason', '维护']],
    [['pause', 'exp_1']],
    [['pause']],
    [['lst']],
    [['list', '--lmit', '3']],
    [['list', '--limit']],
    [['list', 'too', 'many']],
    [['record', '--out', 'x']],
    [['show', '--config', '/no/such/file']],
    [['plan', '-m', '10.0.0.1:9221']],
    [['plan', '10.0.0.2:9221']],
    [['plan', ...nodes, '--batch-size', 'x']],
    [['plan', ...nodes, '--at', 'never']],
    [['plan', ...nodes, '--bandwidth', 'x']],
    [['plan', ...nodes, '--health', 'lgg=1']],
    [['plan', ...nodes, '--window', 'x']],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221,seen-at=10.0.0.3:1']],
  ])('no sentence of the command line is in English: %j', async (args) => {
    api.set({
      state: 'halted',
      stateReason: said('等待人工'),
      joins: [{ ...joinOf('10.0.0.2:9221', 0, 'catching_up'), anomalies: [] }],
    });
    api.plan = { ...api.plan, batchSizeReason: said('每次一个') };
    const { out, err } = await inChinese(...args);
    expect(out + err).toMatch(/\p{Script=Han}/u);
    expect(english(out + err)).toEqual([]);
  });

  it('says what to do where no service listens', async () => {
    const { err } = await new Harness({ env: { LANG: 'zh_CN.UTF-8' } }).run(
      'list',
      '--url',
      'http://127.0.0.1:2',
    );
    expect(err).toContain('没有程序监听');
    expect(english(err)).toEqual([]);
  });
});

describe('the texts', () => {
  const flat = (value: unknown, place: string): readonly (readonly [string, unknown])[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, each]) => flat(each, `${place}.${name}`))
      : [[place, value]];
  const of = (language: 'en' | 'zh') => new Map(flat(commandLine[language], ''));

  it('are there in each language, and those in Chinese are in Chinese', () => {
    expect([...of('zh').keys()].sort()).toEqual([...of('en').keys()].sort());
    const same = [...of('en')]
      .filter(
        ([place, text]) => typeof text === 'string' && sentence.test(text) && of('zh').get(place) === text,
      )
      .map(([place]) => place);
    expect(same).toEqual([]);
  });
});

describe('the help', () => {
  const program = buildProgram('1.0.0', speaking('zh', processContext()), loadEntrances, () => {});
  const commands = (command: Command, path: readonly string[] = []): readonly (readonly string[])[] => [
    path,
    ...command.commands
      .filter((each) => each.name() !== 'complete-ids')
      .flatMap((each) => commands(each, [...path, each.name()])),
  ];

  it.each(commands(program).map((path) => [path.join(' '), path] as const))(
    'of "%s" is in Chinese, with all options',
    async (_, path) => {
      const { out } = await new Harness().run(...path, '--help', '--lang', 'zh');
      expect(out).toContain('用法：');
      expect(english(out)).toEqual([]);
    },
  );

  it('holds no text for anything that is gone', () => {
    const said = new Set<string>();
    const read = buildProgram('1.0.0', speaking('en', processContext()), loadEntrances, () => {});
    const walk = (command: Command): void => {
      for (const text of [command.description(), command.summary()]) said.add(text);
      for (const option of command.options) said.add(option.description);
      command.commands.forEach(walk);
    };
    walk(read);
    // Titles and notes are no descriptions.
    const gone = Object.keys(helpZh).filter(
      (text) => !said.has(text) && !/:$|^\n|^display|^output/.test(text),
    );
    expect(gone).toEqual([]);
  });
});

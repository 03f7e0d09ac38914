import { expect, it } from 'vitest';
import { agentTroubles } from '../../src/model/shown-agent.ts';
import { mountsOf } from '../../src/model/shown-host.ts';
import { languages } from '../../src/model/text.ts';
import { anAgent, space, troubledAgent } from '../support/agents.ts';

it('says nothing of an agent that is well', () => {
  expect(agentTroubles(anAgent('pika-31', 1e12), { language: 'en', tool: 'dashboard' })).toEqual([]);
});

it('says in each language what is wrong with an agent, that it is silent first', () => {
  const told = languages.map((language) =>
    agentTroubles(troubledAgent('pika-31', 1e12), { language, tool: 'dashboard' }),
  );
  const codes = [
    'silent',
    'contested',
    'server_stopped',
    'path_unreadable',
    'log_unreadable',
    'log_skipped',
    'log_dropped',
    'refused',
    'servers_dropped',
    'addresses_dropped',
    'clock',
  ];
  for (const troubles of told) expect(troubles.map(({ code }) => code)).toEqual(codes);
  const texts = told.map((troubles) => troubles.flatMap(({ text, step }) => [text, step ?? '']).join('\n'));
  expect(texts.join()).not.toMatch(/undefined|NaN|\[object/);
  expect(texts.map((text) => /\p{Script=Han}/u.test(text))).toEqual([false, true]);
});

it('finds the folders of all servers of a host that share a mount', () => {
  const mounts = mountsOf([
    { name: '9221', paths: { db: space('/a/db', 1), log: space('/var/log', 2) } },
    { name: '9222', paths: { db: space('/b/db', 1) } },
  ]);
  expect(mounts.map(({ folders }) => folders.map(({ server, setting }) => `${server} ${setting}`))).toEqual([
    ['9221 db-path', '9222 db-path'],
    ['9221 log-path'],
  ]);
});

import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/platform/config.ts';

const load = (yaml: string, env: Record<string, string> = {}) =>
  loadConfig({ PIKA_EXPANDER_CONNECTORS: '/c.yaml', ...env }, {}, () => yaml);

function problemsOf(yaml: string, env: Record<string, string> = {}): string {
  try {
    load(yaml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const whole = `
- kind: sentinel
  name: shop
  masters: [10.0.0.0/8, '*.shop.example:9221']
  sentinels: ['10.0.1.1:26379', '[fd00::1]:26379']
  masterName: shop
  password: { env: SENTINEL_PASSWORD }
- kind: codis
  name: codis
  dashboard: http://10.0.2.1:18080
  product: demo
- kind: http
  name: proxy
  steps:
    after_verified:
      method: PUT
      url: https://proxy.example/pools/{{master.name}}/{{node.address}}
      headers: { authorization: { env: PROXY_TOKEN }, x-team: shop }
      body: '{"host": "{{node.host}}"}'
- kind: file
  name: list
  path: /etc/proxy/{{master.host}}.conf
  template: |
    # slaves
    {{#slaves}}
    server {{node.host}}:{{node.port}};
    {{/slaves}}
`;
const secrets = { SENTINEL_PASSWORD: 'sentinel-password', PROXY_TOKEN: 'Bearer of-the-proxy' };

test('a file of connectors is read; its secrets come from elsewhere, and are known as secrets', () => {
  const config = load(whole, secrets);
  expect(config.connectors.map(({ kind, name }) => [kind, name])).toEqual([
    ['sentinel', 'shop'],
    ['codis', 'codis'],
    ['http', 'proxy'],
    ['file', 'list'],
  ]);
  expect(config.connectors[0]).toMatchObject({
    sentinels: [
      { host: '10.0.1.1', port: 26379 },
      { host: 'fd00::1', port: 26379 },
    ],
    password: 'sentinel-password',
    reset: false,
  });
  expect(config.connectors[2]).toMatchObject({
    masters: null,
    steps: { after_verified: { headers: { authorization: 'Bearer of-the-proxy', 'x-team': 'shop' } } },
  });
  expect(config.secrets).toEqual(expect.arrayContaining(Object.values(secrets)));
  expect(load('').connectors).toEqual([]);
});

test.each([
  ['- [', 'it is no YAML'],
  ['kind: codis', 'it is to be a list of connectors'],
  ['- name: x', 'connector "x": kind is absent; set it to one of sentinel, codis, http, file'],
  ['- { kind: file, name: x, path: /x }', 'connector "x": it must have required properties template'],
  ['- { kind: file, name: x, path: /x, template: y, mode: 1 }', 'unknown setting mode'],
  ['- { kind: file, name: x, path: /x, template: "{{node.host}}" }', 'template: it has no {{#slaves}}'],
  [
    '- { kind: file, name: x, path: "/{{node.host}}", template: "{{#slaves}}{{node.port}}{{/slaves}}" }',
    'path: {{node.host}} cannot be filled there',
  ],
  [
    '- { kind: file, name: x, path: /x, template: "{{#slaves}}{{operation.label}}{{/slaves}}" }',
    'template: {{operation.label}} cannot be filled there',
  ],
  ['- { kind: codis, name: x, dashboard: "10.0.0.1:18080", product: p }', 'dashboard is to be an address'],
  ['- { kind: codis, name: x, dashboard: "http://h:1/topom", product: p }', 'without a path'],
  ['- { kind: http, name: x, steps: {} }', 'steps'],
  [
    '- { kind: http, name: x, steps: { after_verified: { method: GET, url: "http://{{node.host}}/" } } }',
    'with {{…}} only behind the host',
  ],
  ['- { kind: http, name: x, steps: { after_verified: { method: GET, url: "http://u:p@h/" } } }', 'login'],
  ['- { kind: sentinel, name: x, masterName: m, sentinels: ["10.0.0.1"] }', '"10.0.0.1"; give host:port'],
  [
    '- { kind: sentinel, name: x, masterName: m, sentinels: ["h:1"], masters: ["a b"] }',
    'masters holds "a b"',
  ],
  [
    '- { kind: sentinel, name: x, masterName: m, sentinels: ["h:1"], password: { env: MISSING } }',
    'connector "x", password refers to the environment variable MISSING, which is not set',
  ],
  [
    '- { kind: codis, name: x, dashboard: "http://h:1", product: p }\n- { kind: codis, name: x, dashboard: "http://h:1", product: p }',
    'another connector has this name',
  ],
])('%j is refused with its place', (yaml, says) => {
  expect(problemsOf(yaml)).toContain('/c.yaml');
  expect(problemsOf(yaml)).toContain(says);
});

test('a secret that stands in the file is refused, and not repeated', () => {
  const yaml = '- { kind: sentinel, name: x, masterName: m, sentinels: ["h:1"], password: hunter2 }';
  expect(problemsOf(yaml)).toMatch(/password must be object/);
  expect(problemsOf(yaml)).not.toContain('hunter2');
});

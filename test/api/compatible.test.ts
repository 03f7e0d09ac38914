import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { breakingChanges } from '../../scripts/api-changes.ts';
import { type ApiShape, apiShape, type Operation } from '../../scripts/api-shape.ts';
import { releasedFile } from '../../scripts/release-api.ts';

/**
 * Changes since the last release that break programs, and are meant: each as the comparison names it, with the reason. They
 * stand in CHANGELOG.md under "Changed". A release empties the list.
 */
const meant: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'POST /v1/plans answer',
    'GET /v1/plans/{id} answer',
    'POST /v1/rehearsals answer.plan',
    'POST /v1/plans/{id}/rehearsal answer.plan',
    'POST /v1/expansions answer',
    'GET /v1/expansions/{id} answer',
    'GET /v1/expansions/{id}/evidence/bundle answer',
  ].map((answer) => [
    `${answer}.policy.verify.depth: auto is new`,
    'Every key is compared where the time allows, by default',
  ]),
);

const released = JSON.parse(readFileSync(releasedFile, 'utf8')) as ApiShape & { readonly version: string };

test('a program that was written for the last release meets nothing that breaks it', async () => {
  expect(released.operations.length).toBeGreaterThan(80);
  const found = breakingChanges(released, await apiShape());
  expect(found.filter((change) => meant[change] === undefined)).toEqual([]);
  expect(Object.keys(meant).filter((change) => !found.includes(change))).toEqual([]);
});

describe('what breaks a program', () => {
  const operation: Operation = {
    name: 'addThing',
    summary: 'Add',
    method: 'POST',
    path: '/v1/things/{id}',
    params: ['id'],
    query: [{ name: 'limit', required: false, schema: { type: 'integer', maximum: 100 } }],
    keyed: true,
    streams: false,
    body: {
      type: 'object',
      required: ['reason'],
      properties: { reason: { type: 'string', maxLength: 500 }, how: { enum: ['fast', 'slow'] } },
      additionalProperties: false,
    },
    answer: { $ref: 'Thing' },
  };
  const thing = {
    type: 'object',
    required: ['id', 'state', 'next'],
    properties: {
      id: { type: 'string' },
      state: { type: 'string', enum: ['on', 'off'] },
      next: { anyOf: [{ $ref: 'Thing' }, { type: 'null' }] },
      note: { type: 'string' },
    },
  };
  const before: ApiShape = { operations: [operation], schemas: { Thing: thing } };
  const changed = (change: Partial<Operation>, schema: object = thing): readonly string[] =>
    breakingChanges(before, {
      operations: [{ ...operation, ...change }],
      schemas: { Thing: schema as never },
    });
  const body = (change: object) => ({ body: { ...operation.body, ...change } });
  const property = (change: object) => ({ ...thing, properties: { ...thing.properties, ...change } });

  test('the same breaks nothing, and neither do additions', () => {
    expect(changed({})).toEqual([]);
    expect(changed({}, property({ more: { type: 'string' } }))).toEqual([]);
    expect(changed({}, { ...thing, required: [...thing.required, 'note'] })).toEqual([]);
    expect(
      changed({
        query: [...operation.query, { name: 'cursor', required: false, schema: { type: 'string' } }],
      }),
    ).toEqual([]);
    expect(
      changed(body({ properties: { ...(operation.body!.properties as object), label: { type: 'string' } } })),
    ).toEqual([]);
  });

  test.each([
    ['a route that is gone', { path: '/v1/other' }, 'POST /v1/things/{id}: removed'],
    ['another operationId', { name: 'makeThing' }, 'POST /v1/things/{id} operationId: addThing is makeThing'],
    ['no key any more', { keyed: false }, 'POST /v1/things/{id} takes no idempotency key any more'],
    ['a query that is gone', { query: [] }, 'POST /v1/things/{id} query.limit: removed'],
    [
      'a query that must be given',
      { query: [...operation.query, { name: 'q', required: true, schema: { type: 'string' } }] },
      'POST /v1/things/{id} query.q: must be given now',
    ],
    [
      'a tighter limit',
      { query: [{ name: 'limit', required: false, schema: { type: 'integer', maximum: 50 } }] },
      'POST /v1/things/{id} query.limit: tighter maximum',
    ],
    [
      'a field that must be given',
      body({ required: ['reason', 'how'] }),
      'POST /v1/things/{id} body.how: must be given now',
    ],
    [
      'a field that is refused',
      body({ properties: { reason: { type: 'string', maxLength: 500 } } }),
      'POST /v1/things/{id} body.how: removed',
    ],
    [
      'a value that is refused',
      body({ properties: { reason: { type: 'string', maxLength: 500 }, how: { enum: ['fast'] } } }),
      'POST /v1/things/{id} body.how: slow is refused',
    ],
    ['no answer any more', { answer: null }, 'POST /v1/things/{id} answer: nothing any more'],
  ] as const)('%s', (_what, change, says) => {
    expect(changed(change as Partial<Operation>)).toEqual([says]);
  });

  test.each([
    [
      'a field that is gone',
      { ...thing, properties: { ...thing.properties, note: undefined } },
      'note: removed',
    ],
    ['a field that may be absent', { ...thing, required: ['id', 'next'] }, 'state: may be absent now'],
    ['another type', property({ id: { type: 'integer' } }), 'id: integer instead of string'],
    [
      'a field that may be null',
      property({ id: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
      'id: null instead of string',
    ],
    [
      'a value that programs do not know',
      property({ state: { type: 'string', enum: ['on', 'off', 'odd'] } }),
      'state: odd is new',
    ],
    ['any value', property({ state: { type: 'string' } }), 'state: no longer one of on, off'],
  ])('in an answer %s', (_what, schema, says) => {
    expect(changed({}, JSON.parse(JSON.stringify(schema)) as object)).toEqual([
      `POST /v1/things/{id} answer.${says}`,
    ]);
  });
});

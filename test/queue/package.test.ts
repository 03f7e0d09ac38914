import { readFileSync } from 'node:fs';
import Schema from 'typebox/schema';
import { expect, it } from 'vitest';
import { expansionJob, expansionRequestSchema } from '../../src/index.ts';

it('the exported JSON Schema takes what the typed helper makes, and survives being written as JSON', () => {
  const job = expansionJob({ master: '10.0.0.1:9221', nodes: [{ address: '10.0.0.2:9221' }] }, 'order-7');
  const schema = JSON.parse(JSON.stringify(expansionRequestSchema)) as object;
  expect(Schema.Check(schema, job.data)).toBe(true);
  expect(Schema.Check(schema, { ...job.data, colour: 'red' })).toBe(false);
  expect(job.opts).toMatchObject({ jobId: 'order-7', attempts: 1 });
});

it('the package exports this module', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, unknown>;
  };
  expect(exports['.']).toEqual({ types: './dist/index.d.ts', default: './dist/index.js' });
});

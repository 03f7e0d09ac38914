import { Command } from 'commander';
import Schema from 'typebox/schema';
import { describe, expect, test } from 'vitest';
import { fieldsText } from '../../scripts/docs.ts';
import { inputFromFlags } from '../../src/cli/field-options.ts';
import { addPolicyOptions } from '../../src/cli/policy-options.ts';
import { formOf } from '../../src/dashboard/pages/new-expansion/form-model.ts';
import { schemaOf } from '../../src/model/field-schema.ts';
import { type Fields, flagOf, merged, placed, resolved } from '../../src/model/fields.ts';
import { defaultPolicy, policyFields, policySections } from '../../src/model/policy.ts';
import { languages, nobody, plain } from '../../src/model/text.ts';

describe('a field that is added to the table of a policy', () => {
  const more = {
    ...policyFields,
    restBetweenNodesMs: {
      kind: 'number',
      section: 'pace',
      unit: 'time',
      min: 0,
      max: 60_000,
      none: plain('no rest', '不休息'),
      default: 2000,
      label: plain('Rest between nodes', '节点之间的休息'),
      help: plain('How long the master rests between two nodes.', '主节点在两个节点之间休息多久。'),
    },
  } as const satisfies Fields;

  test('is in the schema of REST, queue and campaigns, with its range, its meaning and its default', () => {
    const { properties } = schemaOf(more);
    expect(properties.restBetweenNodesMs).toMatchObject({
      anyOf: [{ type: 'integer', minimum: 0, maximum: 60_000 }, { type: 'null' }],
      description:
        'How long the master rests between two nodes. Milliseconds. `null`: no rest. Default: 2000.',
    });
    const accepts = Schema.Compile(schemaOf(more));
    expect(accepts.Check({ restBetweenNodesMs: 500 })).toBe(true);
    expect(accepts.Check({ restBetweenNodesMs: 60_001 })).toBe(false);
  });

  test('has its default, and the own value of a member wins in a campaign', () => {
    expect(resolved(more)).toMatchObject({ restBetweenNodesMs: 2000 });
    const both = merged(more, { restBetweenNodesMs: 1, maxAttempts: 2 }, { restBetweenNodesMs: 5 });
    expect(both).toEqual({ restBetweenNodesMs: 5, maxAttempts: 2 });
  });

  test('is a flag with its unit, and in --help', () => {
    const command = addPolicyOptions(new Command('expand'), 'en', more).helpOption(false);
    expect(command.helpInformation().replace(/\s+/g, ' ')).toContain(
      '--rest-between-nodes <duration> how long the master rests between two nodes; none: no rest (default: 2s)',
    );
    command.parse(['--rest-between-nodes', '1.5s'], { from: 'user' });
    expect(inputFromFlags(more, command.opts())).toEqual({ restBetweenNodesMs: 1500 });
  });

  test('is in the form, in every language', () => {
    const rest = (language: 'en' | 'zh') =>
      formOf(more, policySections, {}, language)
        .flatMap(({ controls }) => controls)
        .find(({ path }) => path[0] === 'restBetweenNodesMs');
    expect(rest('en')).toMatchObject({
      label: 'Rest between nodes (s)',
      help: 'How long the master rests between two nodes.',
      input: { kind: 'number', placeholder: '2', min: 0, max: 60 },
    });
    expect(rest('zh')).toMatchObject({ label: '节点之间的休息 (s)' });
  });

  test('is in the document', () => {
    expect(fieldsText(more, policySections)).toContain(
      '| `restBetweenNodesMs` | 0 to 60000 ms, `null` | `2000` | `--rest-between-nodes` | How long the master rests between two nodes. |',
    );
  });
});

describe('the table of a policy', () => {
  test('has defaults that its own schema accepts', () => {
    expect(Schema.Compile(schemaOf(policyFields)).Check(defaultPolicy)).toBe(true);
  });

  test('gives every field a section of its own table and a flag that no other field has', () => {
    const all = placed(policyFields);
    for (const { path, section } of all)
      expect([path, Object.keys(policySections)]).toEqual([path, expect.arrayContaining([section])]);
    const flags = addPolicyOptions(new Command(), 'en').options.map(({ long }) => long);
    expect(new Set(flags).size).toBe(flags.length);
  });

  test('says everything in every language', () => {
    const texts = (fields: Fields): string[] =>
      Object.entries(fields).flatMap(([name, field]) => [
        ...languages.flatMap((language) =>
          [field.label, field.help].map((text) => text[language]({}, nobody)),
        ),
        flagOf(name, field),
        ...('fields' in field ? texts(field.fields) : []),
      ]);
    expect(texts(policyFields).filter((text) => text.trim() === '')).toEqual([]);
  });
});

/**
 * What is known of Pika's releases, as data (knowledge/pika.yaml), and what an operator adds to it by a file of the same shape.
 */
import { readFileSync } from 'node:fs';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { faultCauses, faultEffects, type Knowledge } from '../../model/knowledge.ts';
import { type Language, languages } from '../../model/text.ts';
import {
  compareVersions,
  pairReasons,
  upgradeAdvice,
  type VersionRange,
  versionReasons,
} from '../../model/versions.ts';
import { differenceSigns } from '../../model/views/comparison.ts';

const strict = { additionalProperties: false } as const;
const Version = Type.String({ pattern: '^\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$' });
const Range = Type.Unsafe<VersionRange>(
  Type.Array(Version, { minItems: 2, maxItems: 2, description: 'From the first on, below the second.' }),
);
const keysOf = <T extends object>(table: T): (keyof T & string)[] =>
  Object.keys(table) as (keyof T & string)[];
const Reason = Type.Enum(keysOf(versionReasons));
const Sentence = Type.String({ minLength: 1 });
type Words = { readonly en: string } & { readonly [L in Language]?: string };
const Words = Type.Unsafe<Words>(
  Type.Object(
    {
      ...Object.fromEntries(languages.map((language) => [language, Type.Optional(Sentence)])),
      en: Sentence,
    },
    strict,
  ),
);

const Release = Type.Object(
  {
    versions: Range,
    family: Type.Enum(['3.3', '3.4', '3.5', '4.0', 'unknown']),
    maxConcurrentFullSyncs: Type.Integer({ minimum: 1, maximum: 16 }),
    opensSupersededCopy: Type.Boolean(),
    reusesDump: Type.Boolean(),
    upgrade: Type.Union([Type.Enum(keysOf(upgradeAdvice)), Type.Null()]),
    reasons: Type.Object(
      {
        maxConcurrentFullSyncs: Reason,
        opensSupersededCopy: Reason,
        reusesDump: Reason,
        canProveFullSync: Reason,
      },
      strict,
    ),
  },
  strict,
);

const Pair = Type.Object(
  {
    slave: Range,
    master: Range,
    verdict: Type.Enum(['fits', 'flawed', 'refused']),
    reason: Type.Union([Type.Enum(keysOf(pairReasons)), Type.Null()]),
  },
  strict,
);

const Fault = Type.Object(
  {
    code: Type.String({ pattern: '^[a-z][a-z0-9_]{2,63}$' }),
    versions: Type.Array(Range, { minItems: 1 }),
    severity: Type.Enum(['warning', 'info']),
    effect: Type.Enum([...faultEffects]),
    cause: Type.Optional(
      Type.Enum([...faultCauses], {
        description: 'The cause as which a diagnosis finds it, where the effect alone does not tell.',
      }),
    ),
    signs: Type.Optional(
      Type.Array(Type.Enum([...differenceSigns]), {
        description: 'Signs of the differences that it leaves between a master and its slaves.',
      }),
    ),
    commands: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9]*$' }), {
      description: 'As INFO commandstats names them.',
    }),
    shows: Words,
    text: Words,
    instead: Words,
    source: Type.String({ minLength: 1 }),
  },
  strict,
);

/** The shape of knowledge/pika.yaml, and of an operator's own file. */
export const KnowledgeFile = Type.Object(
  {
    releases: Type.Optional(Type.Array(Release)),
    builds: Type.Optional(Type.Record(Type.String({ pattern: '^[0-9a-f]{8}$' }), Version)),
    pairs: Type.Optional(Type.Array(Pair)),
    faults: Type.Optional(Type.Array(Fault)),
  },
  strict,
);

/** A knowledge file that cannot be used; the message names the place and what is wrong. */
export class KnowledgeError extends Error {
  override readonly name = 'KnowledgeError';
}

function readKnowledge(path: string | URL, parsed: (text: string) => unknown = parse): Knowledge {
  let data: unknown;
  try {
    data = parsed(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new KnowledgeError(`it cannot be read as YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  if (!Value.Check(KnowledgeFile, data)) {
    const [first] = Value.Errors(KnowledgeFile, data);
    throw new KnowledgeError(
      `${first?.instancePath || 'the file'}: ${first?.message ?? 'it has another shape'}`,
    );
  }
  const { releases = [], builds = {}, pairs = [], faults = [] } = data;
  return {
    releases,
    builds,
    pairs,
    faults: faults.map((fault) => ({
      ...fault,
      shows: inEachLanguage(fault.shows),
      text: inEachLanguage(fault.text),
      instead: inEachLanguage(fault.instead),
    })),
  };
}

/** A language that the file leaves out reads the English words. */
const inEachLanguage = (words: Words): Readonly<Record<Language, string>> =>
  Object.fromEntries(languages.map((language) => [language, words[language] ?? words.en])) as Record<
    Language,
    string
  >;

/** The build (scripts/bundle.mjs) turns the file into JSON, which is read much faster at each start. */
const isSource = import.meta.url.endsWith('.ts');

/** What this release of the service knows. */
export const builtIn: Knowledge = isSource
  ? readKnowledge(new URL('../../../knowledge/pika.yaml', import.meta.url))
  : readKnowledge(new URL('../../knowledge.json', import.meta.url), JSON.parse);

/**
 * What is built in, and what the operator's file adds. It adds releases that were not studied, pairs, builds and faults; it
 * changes nothing of what was studied, so that it cannot permit what a known bug forbids. Throws a KnowledgeError.
 */
export function knowledgeWith(path: string): Knowledge {
  const own = readKnowledge(path);
  for (const { versions } of own.releases) {
    const studied = builtIn.releases.find((release) => overlap(release.versions, versions));
    if (studied !== undefined)
      throw new KnowledgeError(
        `releases: ${versions.join(' to ')} meets ${studied.versions.join(' to ')}, which is studied and cannot be changed`,
      );
  }
  const taken = own.faults.find(({ code }) => builtIn.faults.some((fault) => fault.code === code));
  if (taken) throw new KnowledgeError(`faults: the code ${taken.code} is one of the built-in faults`);
  return {
    releases: [...builtIn.releases, ...own.releases],
    builds: { ...own.builds, ...builtIn.builds },
    pairs: [...builtIn.pairs, ...own.pairs],
    faults: [...builtIn.faults, ...own.faults],
  };
}

const overlap = (a: VersionRange, b: VersionRange): boolean =>
  compareVersions(a[0], b[1]) < 0 && compareVersions(b[0], a[1]) < 0;

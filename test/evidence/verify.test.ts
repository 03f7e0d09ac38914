import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { chained, sealed } from '../../src/evidence/bundle.ts';
import { canonicalJson } from '../../src/evidence/canonical.ts';
import { keyLooks } from '../../src/evidence/key-looks.ts';
import { newPrivateKey, readSigningKey } from '../../src/evidence/signing-key.ts';
import { derivedTexts, evidenceFaults, verificationText } from '../../src/model/verification-texts.ts';
import type { Observation } from '../../src/model/views/observation.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { type RuleName, ruleNames, type Verification, verifyEvidence } from '../../src/verify/index.ts';
import { canonical } from '../../src/verify/json.ts';
import { begin, ended } from '../core/steps/played-expansion.ts';
import { simulateSeed } from '../simulation/simulate.ts';
import { aged, aKey, bundleOf } from './made.ts';

const verified = (text: string, trusted: string | null = null): Verification =>
  verifyEvidence(Buffer.from(text), trusted);

/** What does not follow, for a message that says where. */
const wrongIn = ({ nodes, faults }: Verification) => [
  ...faults.map(({ code }) => code),
  ...nodes.flatMap(({ node, rules }) =>
    rules.filter(({ outcome }) => outcome !== 'follows').map(({ rule, code }) => `${node} ${rule}: ${code}`),
  ),
];

const outcomes = ({ nodes }: Verification) => nodes.map(({ outcome }) => outcome);

describe('the evidence of the service follows from its own facts', () => {
  test.each([
    { version: '3.3.6' },
    { version: '3.5.2', databases: 2 },
    { version: '3.5.4' },
    { version: '3.5.5', databases: 2 },
    { version: '4.0.0' },
    { version: '4.0.1' },
  ] as const)('of an expansion on %o', async (setting) => {
    const played = await begin(setting);
    await played.comesTo('its end', ended);
    const bundle = await bundleOf(played.store, 'e');
    const result = verified(bundle, aKey.keyId);
    expect(await bundleOf(await aged(played.store, 'e'), 'e')).toBe(bundle);
    expect(wrongIn(result)).toEqual([]);
    expect({ ...result, nodes: outcomes(result) }).toMatchObject({
      verdict: 'follows',
      keyId: aKey.keyId,
      keyPinned: true,
      nodes: ['follows', 'follows', 'follows'],
    });
  });

  test.each([17, 89, 98])(
    'of simulated seed %i: with faults, further attempts and nodes that were given up',
    async (seed) => {
      await simulateSeed(seed, {
        async atEnd(store, ids) {
          for (const id of ids) {
            const bundle = await bundleOf(store, id);
            expect([seed, id, wrongIn(verified(bundle))]).toEqual([seed, id, []]);
            expect(await bundleOf(await aged(store, id), id)).toBe(bundle);
          }
        },
      });
    },
  );
});

test('of the looks that evidence needs it needs all: the others can be deleted', async () => {
  const played = await begin({ version: '3.5.4' });
  await played.comesTo('its end', ended);
  const [node] = (await played.store.get('e'))!.joins;
  const filter = { expansionId: 'e', node: node!.target.name, afterSeq: 0, limit: 1 };
  const [one] = await played.store.observations(filter);
  const { sizes: _sizes, ...facts } = (one!.look as { readonly facts: Facts }).facts;
  const looks = (tellSizes: readonly boolean[]) =>
    tellSizes.map((tells, seq) => ({
      ...one!,
      seq,
      look: { ...one!.look, facts: { ...facts, ...(tells ? { sizes: {} } : {}) } } as Observation['look'],
    }));
  await fc.assert(
    fc.asyncProperty(patterns, patterns, async (ofNode, ofMaster) => {
      const choose = async (n: readonly Observation[], m: readonly Observation[]) => {
        const chosen = await keyLooks({ master: 'm', nodes: ['n'] }, async (name) => (name === 'n' ? n : m));
        return [chosen.ofNode.get('n')!, chosen.ofMaster] as const;
      };
      const first = await choose(looks(ofNode), looks(ofMaster));
      expect(await choose(...first)).toEqual(first);
    }),
  );
});

type Facts = Readonly<Record<string, unknown>>;
/** Whether each look tells sizes. */
const patterns = fc.array(fc.boolean(), { minLength: 1, maxLength: 40, size: 'max' });

let good: string;
type Bundle = ReturnType<typeof parsed>;
// biome-ignore lint/suspicious/noExplicitAny: tests change any field
const parsed = (text = good): any => JSON.parse(text);

beforeAll(async () => {
  const played = await begin({ version: '3.5.4', nodes: ['n1'] });
  await played.comesTo('its end', ended);
  good = await bundleOf(played.store, 'e');
});

describe('any change of the bytes is found', () => {
  test('of a byte: in each bit of a small file, and in places all over a real one', () => {
    const empty = {
      format: 'pika-expander evidence 2',
      expansionId: 'é',
      nodes: [],
      events: [],
      chain: '0'.repeat(64),
    };
    const small = Buffer.from(sealed(empty, aKey));
    const real = Buffer.from(good);
    expect([small, real].map((bytes) => verifyEvidence(bytes, null).verdict)).toEqual(['follows', 'follows']);
    const random = createRandom('flips');
    const flips: [Buffer, number, number][] = [
      ...Array.from({ length: small.length * 8 }, (_, n): [Buffer, number, number] => [small, n >> 3, n & 7]),
      ...Array.from({ length: 200 }, (): [Buffer, number, number] => [
        real,
        random.int(0, real.length - 1),
        random.int(0, 7),
      ]),
    ];
    const unseen = flips.filter(([bytes, place, bit]) => {
      const changed = Buffer.from(bytes);
      changed[place]! ^= 1 << bit;
      return verifyEvidence(changed, null).verdict !== 'altered';
    });
    expect(
      unseen.map(([bytes, place, bit]) => [bytes.subarray(place - 40, place + 9).toString(), bit]),
    ).toEqual([]);
  });

  test.each<[string, (text: string) => string]>([
    ['cut short', (text) => text.slice(0, -100)],
    ['without its line end', (text) => text.trimEnd()],
    ['with a second line end', (text) => `${text}\n`],
    ['with a byte order mark', (text) => `\ufeff${text}`],
    ['written with spaces', (text) => `${JSON.stringify(JSON.parse(text), null, 2)}\n`],
    ['with a field twice', (text) => text.replace('{', '{"policy":{},')],
    ['with a number spelled otherwise', (text) => text.replace(/"seq":(\d+)/, '"seq":$1.0')],
    ['with a letter spelled otherwise', (text) => text.replace('"actors"', '"\\u0061ctors"')],
    ['of another format', (text) => text.replace('evidence 2"', 'evidence 3"')],
    ['empty', () => ''],
    ['of brackets alone', () => '['.repeat(1_000_000)],
    ['deeper than it may be', () => `${'['.repeat(5000)}${']'.repeat(5000)}\n`],
    ['something else', () => '{"nodes":[]}\n'],
  ])('of a file %s', (_, change) => {
    expect(verified(change(good)).verdict).toBe('altered');
  });

  /** As somebody without the key can do it. */
  const rechained = (bundle: Bundle): string => {
    const { digest: _d, signature, ...content } = bundle;
    const events = content.events.map(({ hash: _h, ...event }: { hash: string }) => event);
    const anew = JSON.parse(sealed({ ...content, ...chained(events) }, aKey));
    return `${canonicalJson({ ...anew, signature })}\n`;
  };

  test.each<[string, string, (bundle: Bundle) => void]>([
    ['that an event is left out', 'chain_broken', ({ events }) => events.splice(3, 1)],
    ['that the last event is left out', 'chain_broken', ({ events }) => events.pop()],
    [
      'that events have changed places',
      'chain_broken',
      ({ events }) => events.splice(2, 2, events[3], events[2]),
    ],
    ['the words of an event', 'chain_broken', ({ events }) => (events[2].text = 'all is well')],
    ['a field more', 'digest_differs', (bundle) => (bundle.note = 'x')],
    ['the policy', 'digest_differs', ({ policy }) => (policy.stableLooks = 1)],
    ['a look', 'digest_differs', ({ nodes }) => nodes[0].looks.pop()],
    [
      'the id of the key',
      'key_id_differs',
      ({ signature }) => (signature.keyId = `sha256:${'0'.repeat(64)}`),
    ],
  ])('%s', (_, code, change) => {
    const bundle = parsed();
    change(bundle);
    const altered = verified(`${canonicalJson(bundle)}\n`);
    expect(altered.verdict).toBe('altered');
    expect(altered.faults.map((fault) => fault.code)).toContain(code);
    if (code === 'key_id_differs') return;
    expect(verified(rechained(bundle)).faults.map((fault) => fault.code)).toContain('signature_wrong');
  });

  test('the place at which the chain of events breaks is named', () => {
    const bundle = parsed();
    const { seq, type } = bundle.events[4];
    bundle.events[4].level = 'error';
    const [fault] = verified(`${canonicalJson(bundle)}\n`).faults;
    expect(fault).toEqual({ code: 'chain_broken', facts: { index: 4, seq, type } });
  });

  test('who signs by another key is found by the key that the reader trusts, and named otherwise', () => {
    const other = readSigningKey(newPrivateKey());
    const { digest: _d, signature: _s, ...content } = parsed();
    const resigned = sealed(content, other);
    expect(verified(resigned)).toMatchObject({ verdict: 'follows', keyId: other.keyId, keyPinned: false });
    expect(verified(resigned, aKey.keyId)).toMatchObject({
      verdict: 'other_key',
      faults: [{ code: 'other_key', facts: { keyId: other.keyId, trustedKeyId: aKey.keyId } }],
    });
  });
});

describe('a verdict that its facts do not support does not follow, though the right key has signed it', () => {
  const signed = (change: (bundle: Bundle) => void): Verification => {
    const { digest: _d, signature: _s, ...content } = parsed();
    change(content);
    const events = content.events.map(({ hash: _h, ...event }: { hash: string }) => event);
    return verified(sealed({ ...content, ...chained(events) }, aKey), aKey.keyId);
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests change any field
  const looksOf = ({ nodes }: Bundle): any[] =>
    nodes[0].looks.map(({ look }: { look: { facts: object } }) => look.facts).filter(Boolean);
  // biome-ignore lint/suspicious/noExplicitAny: tests change any field
  const masterOf = ({ masterLooks }: Bundle): any[] =>
    masterLooks.map(({ look }: { look: { facts: object } }) => look.facts).filter(Boolean);
  // biome-ignore lint/suspicious/noExplicitAny: tests change any field
  const ruleOf = ({ nodes }: Bundle, name: RuleName): any =>
    nodes[0].evidence.rules.find(({ rule }: { rule: string }) => rule === name);
  const waits = (facts: { replication?: { dbStates: Record<string, string> } }) =>
    Object.values(facts.replication?.dbStates ?? {}).includes('WaitDBSync');

  test.each<[RuleName, string, (bundle: Bundle) => void]>([
    [
      'full_sync_seen',
      'no_full_sync',
      (bundle) => {
        for (const facts of looksOf(bundle).filter(waits)) facts.replication.dbStates = { db0: 'TryConnect' };
        for (const facts of masterOf(bundle))
          if (facts.lastSaveUnixSeconds !== undefined) facts.lastSaveUnixSeconds = 7;
      },
    ],
    ['full_sync_seen', 'restarted_after_copy', (bundle) => (looksOf(bundle).at(-1).server.processId += 1)],
    [
      'full_sync_seen',
      'copy_was_interrupted',
      (bundle) => {
        const looks = looksOf(bundle);
        looks[looks.findLastIndex(waits) + 1].replication.dbStates = { db0: 'NoConnect' };
      },
    ],
    [
      'bytes_received',
      'too_little_came',
      (bundle) => {
        for (const { stats } of looksOf(bundle))
          if (stats) stats.replInputBytes = Math.floor(0.3 * stats.replInputBytes);
        ruleOf(bundle, 'bytes_received').facts.receivedBytes *= 0.3;
      },
    ],
    [
      'bytes_received',
      'more_claimed_than_came',
      (bundle) => (ruleOf(bundle, 'bytes_received').facts.receivedBytes *= 9),
    ],
    [
      'bytes_received',
      'opened_too_little',
      (bundle) => {
        const looks = looksOf(bundle);
        for (const { sizes } of looks.slice(looks.findLastIndex(waits)))
          if (sizes) [sizes.liveSstBytes, sizes.sstBytes] = [1e7, 1e7];
      },
    ],
    [
      'single_snapshot',
      'dump_replaced',
      (bundle) => {
        const { seq } = bundle.nodes[0].looks.findLast(
          ({ look }: { look: { facts: object } }) => look.facts && waits(look.facts),
        );
        for (const { seq: at, look } of bundle.masterLooks)
          if (at > seq - 2 && look.facts?.lastSaveUnixSeconds) look.facts.lastSaveUnixSeconds += 20;
      },
    ],
    ['files_complete', 'agent_required', ({ policy }) => (policy.requireAgent = true)],
    ['role_and_link', 'link_not_up', (bundle) => (looksOf(bundle).at(-1).replication.linkStatus = 'down')],
    [
      'role_and_link',
      'follows_another',
      (bundle) => (looksOf(bundle).at(-1).replication.masterHost = '10.9.9.9'),
    ],
    [
      'listed_by_master',
      'not_listed',
      (bundle) => {
        for (const { replication } of masterOf(bundle)) replication.slaves = [];
      },
    ],
    [
      'listed_by_master',
      'not_in_binlog_sync',
      (bundle) => {
        for (const { lag } of masterOf(bundle).flatMap(({ replication }) => replication.slaves))
          lag.db0 = 'not syncing';
      },
    ],
    [
      'offset_passed',
      'node_is_behind',
      (bundle) => {
        for (const { replication } of masterOf(bundle).slice(-20)) replication.binlog.db0.file += 1;
      },
    ],
    [
      'offset_passed',
      'target_not_passed',
      (bundle) => (ruleOf(bundle, 'offset_passed').facts.passedOffsets.db0 = { file: 0, offset: 0 }),
    ],
    [
      'data_agrees',
      'report_differs_from_rule',
      ({ nodes }) => Object.assign(nodes[0].comparison.report, { verdict: 'different', differencesTotal: 5 }),
    ],
    [
      'data_agrees',
      'data_differ',
      (bundle) => {
        const found = { differencesTotal: 5, differencesByKind: { missing: 5 } };
        Object.assign(bundle.nodes[0].comparison.report, found);
        Object.assign(ruleOf(bundle, 'data_agrees').facts, found);
      },
    ],
    [
      'data_agrees',
      'other_depth_than_asked',
      (bundle) => {
        bundle.policy.verify.depth = 'full';
        bundle.nodes[0].comparison.report.depth = 'sample';
      },
    ],
    [
      'data_agrees',
      'depth_not_explained',
      (bundle) => {
        bundle.policy.verify.depth = 'auto';
        bundle.nodes[0].comparison.report.depth = 'sample';
        bundle.nodes[0].comparison.report.said.notes = [];
      },
    ],
    ['data_agrees', 'report_of_another_attempt', ({ nodes }) => (nodes[0].comparison.id = 'e.0.7.1')],
    ['data_agrees', 'no_report', ({ nodes }) => (nodes[0].comparison = null)],
    ['stable', 'too_few_looks', ({ policy }) => (policy.stableLooks = 500)],
    ['stable', 'no_look_after_comparison', ({ nodes }) => (nodes[0].comparison.report.endedAt += 3_600_000)],
    ...ruleNames.map((rule): [RuleName, string, (bundle: Bundle) => void] => [
      rule,
      'rule_absent',
      ({ nodes }) =>
        (nodes[0].evidence.rules = nodes[0].evidence.rules.filter(
          (each: { rule: string }) => each.rule !== rule,
        )),
    ]),
    [
      'bytes_received',
      'left_out_wrongly',
      (bundle) => Object.assign(ruleOf(bundle, 'bytes_received'), { holds: null, leftOut: true }),
    ],
    ['role_and_link', 'rule_not_met', (bundle) => (ruleOf(bundle, 'role_and_link').holds = false)],
  ])('%s: %s', (rule, code, change) => {
    const result = signed(change);
    expect(result.faults).toEqual([]);
    expect(result.verdict).toBe('does_not_follow');
    const found = result.nodes[0]!.rules.filter(({ outcome }) => outcome === 'does_not_follow');
    expect(found.map((each) => [each.rule, each.code])).toContainEqual([rule, code]);
  });

  test('looks that are not in the file show nothing, and that is said', () => {
    const result = signed(({ nodes }) => (nodes[0].looks = []));
    expect(result.verdict).not.toBe('follows');
    expect(result.nodes[0]!.rules[0]).toMatchObject({ outcome: 'not_shown', code: 'no_copy_among_looks' });
    expect(signed((bundle) => (bundle.masterLooks = [])).verdict).not.toBe('follows');
  });

  test('a node that no event calls verified', () => {
    const { faults } = signed((bundle) => {
      bundle.events = bundle.events.filter(({ type }: { type: string }) => type !== 'node.verified');
    });
    expect(faults.map(({ code }) => code)).toEqual(['events_differ']);
  });

  test('each field of any other kind makes no error', () => {
    const random = createRandom('kinds');
    const kinds = [null, 7, 'x', [], {}, true, [null], { a: [] }];
    const fields: [object, string][] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value)) {
        fields.push([value, name]);
        walk(inner);
      }
    };
    const { digest: _d, signature: _s, ...content } = parsed();
    walk(content);
    for (let n = 0; n < 120; n += 1) {
      const [owner, name] = random.pick(fields) as [Record<string, unknown>, string];
      const before = owner[name];
      owner[name] = kinds[n % kinds.length];
      expect(() => verified(sealed(content, aKey))).not.toThrow();
      owner[name] = before;
    }
  });
});

test('the two writers of the canonical form agree', () => {
  const value = {
    b: [1.5e21, -0, 'é\u007f\u0085"\\\n', null],
    'a\u{1f600}': { z: true, '': 'x' },
    ﬀ: 1,
    aa: 1e-7,
  };
  expect(canonicalJson(value)).toBe(canonical(value));
  expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
});

test('every code has its words in both languages', () => {
  const said = new Set<string>();
  for (const code of [...Object.keys(derivedTexts), ...Object.keys(evidenceFaults)])
    for (const language of ['en', 'zh'] as const) {
      const table = code in derivedTexts ? derivedTexts : evidenceFaults;
      const words = verificationText(table, code, { unseenMs: 0, nodes: [] }, { language, tool: 'cli' });
      expect(words).not.toBe(code);
      said.add(words);
    }
  expect(said.size).toBe(2 * (Object.keys(derivedTexts).length + Object.keys(evidenceFaults).length));
});

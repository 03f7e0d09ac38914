/** Writes the parts of the documents that are made from tables of the code: npm run docs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtIn } from '../src/engines/pika/knowledge.ts';
import { type LogLine, logLines } from '../src/engines/pika/log-lines.ts';
import { actions, actionTexts, roles, rolesWith } from '../src/model/access.ts';
import { type CopyHelps, causeSteps, causes } from '../src/model/causes.ts';
import { type Fields, flagOf, type Leaf, type List, placed } from '../src/model/fields.ts';
import { logGaps } from '../src/model/full-sync-log.ts';
import { type LogLineCode, logLineMeanings } from '../src/model/log-line-meanings.ts';
import { policyFields, policySections } from '../src/model/policy.ts';
import { refusals } from '../src/model/refusals.ts';
import { runbook } from '../src/model/runbook/chapters.ts';
import type { Chapter, Entry } from '../src/model/runbook/entry.ts';
import { runbookWords } from '../src/model/runbook/words.ts';
import { expansionTransitions } from '../src/model/states.ts';
import { type Language, nobody, type Text } from '../src/model/text.ts';
import { namedSettings, type SettingName, settings } from '../src/platform/settings.ts';
import { alertsText } from './alerts.ts';
import { plainManifests } from './chart.ts';
import { clientTypes, clientTypesFile } from './client-types.ts';
import { describedRoutes } from './described-api.ts';

const say = (text: Text): string => text.en({}, nobody);
const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n');
}

/** All fields of a table, a heading for each of its sections. */
export function fieldsText(fields: Fields, sections: Readonly<Record<string, Text>>): string {
  const all = placed(fields);
  return Object.entries(sections)
    .map(([id, title]) => {
      const rows = all
        .filter(({ section }) => section === id)
        .map(({ path, field }) => [
          `\`${path.join('.')}\``,
          allowed(field),
          fallback(field),
          `\`${flagsOf(fields, path)}\``,
          say(field.help),
        ]);
      return `### ${say(title)}\n\n${table(['field', 'values', 'default', 'flag', 'meaning'], rows)}`;
    })
    .join('\n\n');
}

const unitNames = { time: 'ms', short_time: 'ms', bytes: 'bytes', rate: 'bytes/s' };

function allowed(field: Leaf | List): string {
  if (field.kind === 'number') {
    const { min, max, above, unit } = field;
    const from = min ?? (above === undefined ? undefined : `above ${above}`);
    const range = max === undefined ? (from ?? 'any number') : `${from ?? 0} to ${max}`;
    const words = [...Object.keys(field.words ?? {}), ...(field.none ? ['null'] : [])];
    const least = max === undefined && min !== undefined ? ' or more' : '';
    return [
      `${range}${least}${unit ? ` ${unitNames[unit]}` : ''}`,
      ...words.map((word) => `\`${word}\``),
    ].join(', ');
  }
  if (field.kind === 'yes_no') return '`true`, `false`';
  if (field.kind === 'text') return `such as \`${field.example}\``;
  if (field.kind === 'list') return `list of \`{${Object.keys(field.fields).join(', ')}}\``;
  const words = Object.entries(field.choices).map(([word, text]) => `\`${word}\` (${say(text)})`);
  return words.join(', ');
}

function fallback(field: Leaf | List): string {
  if (field.kind === 'list') return '`[]`';
  if (field.default === null && 'none' in field && field.none) return `\`null\`: ${say(field.none)}`;
  return field.default === undefined ? 'must be given' : `\`${String(field.default)}\``;
}

/** `--health latency=…` for a member of a group with a flag of its own. */
function flagsOf(fields: Fields, [name, ...inner]: readonly string[]): string {
  const field = fields[name!]!;
  const flag = flagOf(name!, field);
  if (inner.length === 0 || field.kind !== 'group') return `--${flag}`;
  if (field.flag === undefined) return flagsOf(field.fields, inner);
  return `--${flag} ${flagsOf(field.fields, inner).replace(/^.*--/, '')}=`;
}

/** The settings of the service. */
function settingsText(): string {
  const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
  const rows = Object.values(settings).map(({ env, file, value, default: fallback, text, ...more }) => {
    const otherwise = 'otherwise' in more ? more.otherwise : code(String(fallback));
    return [code(env ?? ''), code(file), otherwise, `${text} ${valueText(value)}`.trim()];
  });
  const named = namedSettings.map(({ env, file, otherwise = '', text }) => [
    code(env ?? ''),
    code(file),
    otherwise,
    text,
  ]);
  return table(['variable', 'in the file', 'default', 'meaning'], [...rows, ...named]);
}

function valueText(value: (typeof settings)[SettingName]['value']): string {
  if (value.is === 'whole') return `${value.from} to ${value.to}.`;
  if (value.is === 'word') return `One of ${value.of.map((word) => `\`${word}\``).join(', ')}.`;
  return '';
}

/** What each role may do. */
function rolesText(): string {
  const rows = actions.map((action) => [
    `\`${action}\``,
    say(actionTexts[action]),
    ...roles.map((role) => mark(rolesWith(action).includes(role))),
  ]);
  return table(['action', 'what it lets do', ...roles], rows);
}

const mark = (yes: boolean): string => (yes ? '✓' : '');

/** Who may call each route. */
async function routesText(): Promise<string> {
  const rows = (await describedRoutes()).map(({ method, path, action }) => [
    `\`${method} ${path}\``,
    action === null ? '' : `\`${action}\``,
    ...roles.map((role) => mark(action === null ? role !== 'agent' : rolesWith(action).includes(role))),
  ]);
  return table(['route', 'action', ...roles], rows);
}

/** The codes of all errors of the API, by status. */
function errorsText(): string {
  const statuses = [...new Set(Object.values(refusals).map(({ status }) => status))].sort((a, b) => a - b);
  const rows = statuses.map((status) => [
    String(status),
    Object.entries(refusals)
      .filter(([, refusal]) => refusal.status === status)
      .map(([code]) => `\`${code}\``)
      .join(', '),
  ]);
  return table(['status', 'codes'], rows);
}

/** Which state of an expansion may follow which. */
function statesText(): string {
  const code = (state: string): string => `\`${state}\``;
  const rows = Object.entries(expansionTransitions)
    .filter(([, to]) => to.length > 0)
    .map(([from, to]) => [code(from), to.map(code).join(', ')]);
  return table(['from', 'to'], rows);
}

const faultHeads: Readonly<Record<Language, readonly string[]>> = {
  en: ['releases', 'commands', 'what happens', 'how it shows', 'what to do'],
  zh: ['版本', '命令', '发生什么', '表现', '处理'],
};

/** The faults of the releases that are built in. */
function faultsText(language: Language): string {
  const rows = builtIn.faults.map(({ versions, commands, text, shows, instead }) => [
    versions
      .map(([from, below]) => ({ en: `${from} to below ${below}`, zh: `${from} 至 ${below} 之前` })[language])
      .join({ en: ', ', zh: '、' }[language]),
    commands.map((command) => `\`${command}\``).join(', '),
    text[language],
    shows[language],
    instead[language],
  ]);
  return table(faultHeads[language], rows);
}

/** Why a log does not suffice. */
function logGapsText(): string {
  const rows = Object.entries(logGaps).map(([code, { title, step }]) => [
    `\`${code}\``,
    say(title),
    say(step),
  ]);
  return table(['cause', 'what is missing', 'what to do'], rows);
}

/** The lines of Pika's logs that are understood. */
function logLinesText(): string {
  const rows = (Object.entries(logLines) as [LogLineCode, LogLine][]).map(
    ([code, { log, severity, pattern, versions = 'all' }]) => [
      log,
      severity,
      `\`${pattern.source.replaceAll(/\?<\w+>/g, '')}\``,
      say(logLineMeanings[code]),
      versions,
    ],
  );
  return table(['log', 'severity', 'pattern', 'meaning', 'releases'], rows);
}

const helpText: Readonly<Record<CopyHelps, string>> = {
  yes: 'can help: the cause has gone when the next copy begins.',
  once: 'can help once. If the service finds the same cause again, it asks a person.',
  no: 'cannot help.',
};

/** A section for each cause of a diagnosis. */
function causesText(): string {
  const faultsAreInKnowledge = { faults: [] };
  return Object.entries(causes)
    .map(([code, { title, looks, wouldTell, copyHelps }]) =>
      [
        `### ${code}`,
        say(title),
        table(
          ['where', 'how it looks'],
          [
            ['INFO', looks.info],
            ['bytes', looks.bytes],
            ['logs', looks.logs],
          ],
        ),
        `What would tell: ${say(wouldTell)}`,
        `Another copy ${helpText[copyHelps]}`,
        causeSteps({ code, facts: faultsAreInKnowledge }, nobody)
          .map((step, index) => `${index + 1}. ${step}`)
          .join('\n'),
      ].join('\n\n'),
    )
    .join('\n\n');
}

/** The runbook: chapters of sections, and of rows where a chapter says for all its codes what is done and when it is over. */
function runbookText(language: Language): string {
  const words = (text: Text): string => text[language]({}, nobody);
  return runbook({ language, tool: 'cli' })
    .map(({ title, about, shared, entries }) =>
      [
        `## ${title}`,
        about,
        ...(shared === null
          ? entries.map((entry) => sectionText(entry, words))
          : [
              `- **${words(runbookWords.service)}**: ${shared.service}\n- **${words(runbookWords.over)}**: ${shared.over}`,
              rowsText(entries, words),
            ]),
      ].join('\n\n'),
    )
    .join('\n\n');
}

/** Names of facts, `<node>`, are no tags. */
const asWritten = (text: string): string =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '\\<')))
    .join('`');

function sectionText(
  { anchor, code, title, means, service, steps, over }: Entry,
  words: (text: Text) => string,
): string {
  return [
    `### <a id="${anchor}"></a>\`${code}\`${title === '' ? '' : ` ${title}`}`,
    `- **${words(runbookWords.means)}**: ${asWritten(means)}\n- **${words(runbookWords.service)}**: ${asWritten(service)}\n- **${words(runbookWords.steps)}**:`,
    steps.map((step, index) => `  ${index + 1}. ${asWritten(step)}`).join('\n'),
    `- **${words(runbookWords.over)}**: ${asWritten(over)}`,
  ].join('\n');
}

function rowsText(entries: Chapter['entries'], words: (text: Text) => string): string {
  const { code, means, steps } = runbookWords;
  return table(
    [code, means, steps].map(words),
    entries.map((entry) => [
      `<a id="${entry.anchor}"></a>\`${entry.code}\``,
      asWritten(entry.means),
      entry.steps.map(asWritten).join('<br>'),
    ]),
  );
}

interface Block {
  readonly file: string;
  readonly name: string;
  readonly text: string;
}

export const blocks: readonly Block[] = [
  { file: 'ARCHITECTURE.md', name: 'states', text: statesText() },
  { file: 'docs/policy.md', name: 'policy', text: fieldsText(policyFields, policySections) },
  { file: 'docs/api.md', name: 'errors', text: errorsText() },
  { file: 'docs/access.md', name: 'roles', text: rolesText() },
  { file: 'docs/access.md', name: 'routes', text: await routesText() },
  { file: 'docs/settings.md', name: 'settings', text: settingsText() },
  { file: 'docs/knowledge.md', name: 'faults', text: faultsText('en') },
  { file: 'docs/zh/knowledge.md', name: 'faults', text: faultsText('zh') },
  { file: 'docs/diagnosis.md', name: 'causes', text: causesText() },
  { file: 'docs/runbook.md', name: 'runbook', text: runbookText('en') },
  { file: 'docs/zh/runbook.md', name: 'runbook', text: runbookText('zh') },
  { file: 'docs/logs.md', name: 'log gaps', text: logGapsText() },
  { file: 'docs/logs.md', name: 'log lines', text: logLinesText() },
];

const root = join(import.meta.dirname, '..');

/** A document with its block replaced. Throws where the document has no place for the block. */
export function documentWith({ file, name, text }: Block): { readonly now: string; readonly wanted: string } {
  const now = readFileSync(join(root, file), 'utf8');
  const [before, begin, rest] = cutAt(now, `<!-- ${name}: made by npm run docs -->`);
  const [, end, after] = cutAt(rest, `<!-- end of ${name} -->`);
  return { now, wanted: `${before}${begin}\n\n${text}\n\n${end}${after}` };
}

function cutAt(text: string, mark: string): readonly [string, string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`"${mark}" is missing`);
  return [text.slice(0, at), mark, text.slice(at + mark.length)];
}

/** Files that are made whole. */
export const made = [
  { file: clientTypesFile, text: await clientTypes() },
  { file: 'deploy/prometheus/pika-expander.rules.yaml', text: alertsText() },
  { file: 'deploy/helm/pika-expander/files/pika-expander.rules.yaml', text: alertsText() },
  { file: 'deploy/kubernetes/pika-expander.yaml', text: plainManifests() },
] as const;

if (process.argv[1] === import.meta.filename) {
  for (const block of blocks) writeFileSync(join(root, block.file), documentWith(block).wanted);
  for (const { file, text } of made) writeFileSync(join(root, file), text);
}

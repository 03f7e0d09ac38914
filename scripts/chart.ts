/**
 * Renders the Helm chart as `helm template` would. Of Go's templates it knows what the chart uses, and throws at anything
 * else, so nothing is rendered otherwise than by Helm without a word.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';

export const chartFolder = join(import.meta.dirname, '../deploy/helm/pika-expander');

type Data = Readonly<Record<string, unknown>>;

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly words: string }
  | {
      readonly kind: 'if';
      readonly words: string;
      readonly yes: readonly Node[];
      readonly no: readonly Node[];
    }
  | {
      readonly kind: 'range';
      readonly key: string;
      readonly value: string;
      readonly words: string;
      readonly each: readonly Node[];
    }
  | { readonly kind: 'define'; readonly name: string; readonly body: readonly Node[] };

interface Piece {
  readonly action: boolean;
  readonly text: string;
}

/** Text and actions in turn; `{{-` and `-}}` take the blanks before and after. */
function piecesOf(source: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  const addText = (text: string, trimEnd: boolean) => {
    const start = trimNext ? text.trimStart() : text;
    pieces.push({ action: false, text: trimEnd ? start.trimEnd() : start });
  };
  for (const match of source.matchAll(/\{\{(-?)\s*([\s\S]*?)\s*(-?)\}\}/g)) {
    addText(source.slice(at, match.index), match[1] === '-');
    pieces.push({ action: true, text: match[2]! });
    trimNext = match[3] === '-';
    at = match.index + match[0].length;
  }
  addText(source.slice(at), false);
  return pieces;
}

/** The nodes up to the `end` or `else` that closes them. */
function nodesOf(pieces: Piece[]): { readonly nodes: readonly Node[]; readonly closedBy: string | null } {
  const nodes: Node[] = [];
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    const { action, text } = piece;
    if (!action) nodes.push({ kind: 'text', text });
    else if (text === 'end' || text === 'else') return { nodes, closedBy: text };
    else nodes.push(nodeOf(text, pieces));
  }
  return { nodes, closedBy: null };
}

function nodeOf(text: string, pieces: Piece[]): Node {
  const define = /^define "([^"]+)"$/.exec(text);
  if (define) return { kind: 'define', name: define[1]!, body: closed(pieces) };
  const range = /^range \$(\w+), \$(\w+) := (.+)$/.exec(text);
  if (range)
    return { kind: 'range', key: range[1]!, value: range[2]!, words: range[3]!, each: closed(pieces) };
  const test = /^if (.+)$/.exec(text);
  if (!test) return { kind: 'value', words: text };
  const { nodes: yes, closedBy } = nodesOf(pieces);
  return { kind: 'if', words: test[1]!, yes, no: closedBy === 'else' ? closed(pieces) : [] };
}

function closed(pieces: Piece[]): readonly Node[] {
  const { nodes, closedBy } = nodesOf(pieces);
  if (closedBy !== 'end') throw new Error(`closed by ${closedBy} instead of end`);
  return nodes;
}

class Renderer {
  readonly #defined = new Map<string, readonly Node[]>();
  readonly #root: Data;

  constructor(root: Data) {
    this.#root = root;
  }

  render(source: string): string {
    const { nodes, closedBy } = nodesOf(piecesOf(source));
    if (closedBy !== null) throw new Error(`${closedBy} closes nothing`);
    return this.#all(nodes, {});
  }

  #all(nodes: readonly Node[], variables: Data): string {
    return nodes.map((node) => this.#one(node, variables)).join('');
  }

  #one(node: Node, variables: Data): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'define':
        this.#defined.set(node.name, node.body);
        return '';
      case 'value':
        return shown(this.#pipeline(node.words, variables));
      case 'if':
        return this.#all(isTrue(this.#pipeline(node.words, variables)) ? node.yes : node.no, variables);
      case 'range':
        // Go goes through a map in the order of its keys.
        return Object.entries(this.#pipeline(node.words, variables) as Data)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => this.#all(node.each, { ...variables, [node.key]: key, [node.value]: value }))
          .join('');
    }
  }

  #pipeline(words: string, variables: Data): unknown {
    return words
      .split(/ \| /)
      .reduce<unknown[]>((before, call) => [this.#call(call, before, variables)], [])[0];
  }

  #call(call: string, before: readonly unknown[], variables: Data): unknown {
    const [name, ...rest] = call.match(/"[^"]*"|[^\s"]+/g)!;
    const values = rest.map((word) => this.#word(word, variables));
    switch (name) {
      case 'include':
        return this.#all(found(this.#defined, String(values[0])), {});
      case 'required':
        if (isTrue(values[1])) return values[1];
        throw new Error(String(values[0]));
      case 'toYaml':
        return stringify(values[0], { lineWidth: 0, sortMapEntries: true }).trimEnd();
      case 'quote':
        return JSON.stringify(shown(before[0]));
      case 'indent':
        return shown(before[0]).replaceAll(/^/gm, ' '.repeat(Number(values[0])));
      case 'replace':
        return shown(before[0]).replaceAll(String(values[0]), String(values[1]));
      case '.Files.Get':
        return readFileSync(join(chartFolder, String(values[0])), 'utf8');
      default:
        if (rest.length > 0 || before.length > 0) throw new Error(`unknown in "${call}"`);
        return this.#word(name!, variables);
    }
  }

  #word(word: string, variables: Data): unknown {
    if (word.startsWith('"')) return JSON.parse(word);
    if (/^\d+$/.test(word)) return Number(word);
    if (word === '.') return this.#root;
    if (/^\$\w+$/.test(word)) return variables[word.slice(1)];
    if (!/^(?:\.\w+)+$/.test(word)) throw new Error(`unknown: ${word}`);
    return word
      .slice(1)
      .split('.')
      .reduce<unknown>((value, key) => {
        if (typeof value !== 'object' || value === null || !(key in value))
          throw new Error(`no value ${word}`);
        return (value as Data)[key];
      }, this.#root);
  }
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`no template ${name}`);
  return value;
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : String(value));

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own
  readonly spec: any;
}

function merged(base: unknown, over: unknown): unknown {
  const isMap = (value: unknown): value is Data =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(over)) return over;
  return {
    ...base,
    ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, merged(base[key], value)])),
  };
}

interface Release {
  readonly name: string;
  /** Who manages what the chart makes. */
  readonly service: string;
}
const ofTests: Release = { name: 'expander', service: 'Helm' };

/** The texts of the chart's templates, each with its file. */
export function renderedTexts(
  values: object,
  { name, service }: Release = ofTests,
): readonly { readonly file: string; readonly text: string }[] {
  const read = (file: string): string => readFileSync(join(chartFolder, file), 'utf8');
  const chart = parse(read('Chart.yaml')) as Data;
  const renderer = new Renderer({
    Values: merged(parse(read('values.yaml')), values),
    Release: { Name: name, Namespace: 'default', Service: service },
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
  });
  renderer.render(read('templates/_helpers.tpl'));
  return readdirSync(join(chartFolder, 'templates'))
    .filter((file) => file !== '_helpers.tpl')
    .sort()
    .map((file) => ({ file, text: renderer.render(read(join('templates', file))) }));
}

/** What the chart makes. Throws where a text is no YAML. */
export const manifestsOf = (values: object): readonly Manifest[] =>
  renderedTexts(values)
    .filter(({ file }) => file.endsWith('.yaml'))
    .flatMap(({ file, text }) =>
      parseAllDocuments(text).flatMap((document) => {
        if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}\n${text}`);
        const manifest = document.toJS() as Manifest | null;
        return manifest === null ? [] : [manifest];
      }),
    );

/** The manifests for those who have no Helm: `kubectl apply -f`. */
export const plainManifests = (): string =>
  `${[
    '# Made by `npm run docs` from the chart in deploy/helm, with its defaults. The Secret `pika-expander` is asked for: see its values.yaml.',
    ...renderedTexts({ existingSecret: 'pika-expander' }, { name: 'pika-expander', service: 'kubectl' })
      .filter(({ file, text }) => file.endsWith('.yaml') && text.trim() !== '')
      .map(({ text }) => text.trim()),
  ].join('\n---\n')}\n`;

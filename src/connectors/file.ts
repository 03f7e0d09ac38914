import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { connectorSays } from '../model/connector-texts.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { FileConnector } from '../platform/connectors.ts';
import { fill, fillEach, type Values } from '../platform/template.ts';
import { type Connector, serverValues } from './connector.ts';

/**
 * A file that lists the published slaves. Beside it is a folder with a mark for each of them, which is the truth: a mark is
 * made or taken away in one step, whoever else does so, and a restart finds it. Then the file is written from all marks.
 */
export function fileConnector({ path: pathTemplate, template }: FileConnector): Connector {
  return async ({ step, master }, node) => {
    if (step === 'before_batch') return [];
    const values = serverValues(master, node);
    const path = fill(pathTemplate, values);
    const folder = `${path}.slaves`;
    const mark = join(folder, markOf(node));
    try {
      if (step === 'after_verified') {
        await mkdir(folder, { recursive: true });
        await write(mark, JSON.stringify(values));
      } else {
        await rm(mark, { force: true });
        await settle(folder).catch(gone(undefined));
      }
      await render(path, folder, template);
      return [];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return [connectorSays('file_not_written', { path, met: code ?? message })];
    }
  };
}

const markOf = ({ seenAs: { host, port } }: NodeTarget): string =>
  encodeURIComponent(`${host.toLowerCase()}:${port}`);

/**
 * Whoever has changed a mark writes the file, and looks at the marks again afterwards: of two who write at the same time,
 * the later one sees what both have changed.
 */
async function render(path: string, folder: string, template: string): Promise<void> {
  for (let now = await marksIn(folder), before = ''; key(now) !== before; ) {
    before = key(now);
    // Without a slave that was ever published there is no file to keep.
    if (now.length === 0 && !(await exists(path))) return;
    await write(path, fillEach(template, now));
    now = await marksIn(folder);
  }
}

const key = (marks: readonly Values[]): string => JSON.stringify(marks);

async function marksIn(folder: string): Promise<readonly Values[]> {
  const names = await readdir(folder).catch(gone<string[]>([]));
  const marks = await Promise.all(
    names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => readFile(join(folder, name), 'utf8').catch(gone(null))),
  );
  return marks.flatMap((mark) => (mark === null ? [] : [JSON.parse(mark) as Values]));
}

const gone =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };

const exists = (path: string): Promise<boolean> =>
  open(path).then(async (file) => {
    await file.close();
    return true;
  }, gone(false));

/** A reader sees the old text or the new one, also after a power cut. */
async function write(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const half = join(folder, `.${basename(path)}.${randomUUID()}`);
  try {
    const file = await open(half, 'wx', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  await settle(folder);
}

/** Makes what was renamed or taken away in a folder outlast a power cut. */
async function settle(folder: string): Promise<void> {
  const entry = await open(folder);
  try {
    await entry.sync();
  } finally {
    await entry.close();
  }
}

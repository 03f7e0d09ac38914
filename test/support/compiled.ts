import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { kept, textsOf } from './kept.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A script of test/ and all that it imports as one JavaScript file, for processes that tests start: compiled once, where `tsx`
 * would compile for each start. `name`: its path below test/.
 */
export async function compiled(name: string): Promise<string> {
  const script = basename(name, '.ts');
  const madeOf = await textsOf(['src', 'test'], ['scripts/bundle.mjs', 'package-lock.json']);
  const folder = await kept(script, madeOf, (out) => bundle(out, join(root, 'test', name)));
  return join(folder, `${script}.mjs`);
}

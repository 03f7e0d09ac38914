import { type Language, languageOfTag, nobody } from '../model/text.ts';

/**
 * The language that the command line speaks: `--lang`, else the locale of the terminal. It is read before all other
 * options, since also `--help` and the errors about options are in it.
 */
export function languageOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return languageOfTag(flagIn(args) ?? locale) ?? nobody.language;
}

function flagIn(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === '--lang' || arg.startsWith('--lang='));
  const flag = args[at];
  return flag === '--lang' ? args[at + 1] : flag?.slice('--lang='.length);
}

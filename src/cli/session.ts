import { ApiClient } from './client.ts';
import type { CliContext } from './context.ts';
import { type GlobalOptions, resolveSettings } from './settings.ts';
import { type Style, styleFor } from './style.ts';

/** What every command that talks to the service starts from. */
export interface Session {
  readonly context: CliContext;
  readonly options: GlobalOptions;
  readonly client: ApiClient;
  readonly style: Style;
  /** Prints one document: as JSON where --json is given, else as these lines. */
  print(document: unknown, lines: () => readonly string[]): void;
}

export function openSession(options: GlobalOptions, context: CliContext): Session {
  return {
    context,
    options,
    client: new ApiClient(resolveSettings(options, context), context),
    style: styleFor(context),
    print: (document, lines) => printDocument(options, context, document, lines),
  };
}

/** JSON leaves the control characters beyond ASCII as they are, which a terminal obeys. */
const escaped = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

export function printDocument(
  options: GlobalOptions,
  context: CliContext,
  document: unknown,
  lines: () => readonly string[],
): void {
  const text = options.json ? escaped(JSON.stringify(document, null, 2)) : lines().join('\n');
  context.stdout.write(`${text}\n`);
}

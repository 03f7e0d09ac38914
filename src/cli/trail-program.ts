import type { Entrances } from './entrances.ts';
import type { GlobalOptions } from './settings.ts';
import type { Wiring } from './wiring.ts';

const codes = `
Exit codes: 0 whole, 1 changed, cut off, or signed by another key,
            4 whole, but not compared with the kept head`;

/** `trail …`: who asked the service for what. */
export function addTrailCommands(all: Wiring, entrances: Entrances): void {
  const wiring = all.group('trail', 'who asked the service for what; check that nobody has changed it');
  wiring.program.alias('audit-log');
  wiring.act(
    wiring
      .command('list', 'list what was asked for, the newest first', [
        'pika-expander trail list --since 24h',
        'pika-expander trail list --who li --act "POST /v1/freeze" --json',
      ])
      .option('--who <name>', 'only of this token')
      .option('--act <act>', 'only this method and route')
      .option('--object <id>', 'only what concerns this id')
      .option('--since <time>', 'only from then on: 24h ago, or 2026-12-01T22:00')
      .option('--limit <n>', 'how many (1 to 200)')
      .option('--cursor <cursor>', 'go on where the last page ended'),
    async (session, _args, options: import('./commands/trail.ts').ListOptions) =>
      (await import('./commands/trail.ts')).listTrail(session, options),
  );
  wiring.act(
    wiring
      .command('export', 'write all entries as JSON lines', [
        'pika-expander trail export --out trail.jsonl',
        'pika-expander trail export --after 4711 > later.jsonl',
      ])
      .option('-o, --out <file>', 'write them to this file; it must not exist')
      .option('--after <n>', 'only what comes after the entry of this number'),
    async (session, _args, options: import('./commands/trail.ts').ExportOptions) =>
      (await import('./commands/trail.ts')).exportTrail(session, options),
  );
  wiring.act(
    wiring.command('head', 'print the signed head of the trail; keep it elsewhere', [
      'pika-expander trail head > head.json',
    ]),
    async (session) => (await import('./commands/trail.ts')).trailHead(session),
  );
  wiring
    .command('verify [file]', 'check an export, or the trail of the service where no file is given', [
      'pika-expander trail verify trail.jsonl --head head.json --key sha256:…',
      'pika-expander trail verify --head head.json',
    ])
    .option('--head <file>', 'a head that was kept: the trail must still hold what it saw')
    .option('--key <file|id>', 'the key that must have signed it')
    .addHelpText('after', wiring.note(codes))
    .action(async (file: string | undefined, _options, command: import('commander').Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { head?: string; key?: string }>();
      const { verifyTrail } = await import('./commands/trail.ts');
      wiring.finish(await verifyTrail(entrances, wiring.context, options, file));
    });
}

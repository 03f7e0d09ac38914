import { holdFields } from '../model/hold.ts';
import { addFieldOptions } from './field-options.ts';
import type { Wiring } from './wiring.ts';

const codes = `
Exit codes: 0 a dump is safe (with --wait), 1 the hold was over before that, 130 you stopped waiting`;

/** `hold …`: a master is kept free of further full syncs for a while, for a backup. */
export function addHoldCommands(all: Wiring): void {
  const wiring = all.group('hold', 'keep a master free of further full syncs for a while, for a backup');
  const ask = wiring.program
    .command('ask <master>', { isDefault: true })
    .description('hold a master (the default: "hold <master>")')
    .summary('hold a master')
    .option('-r, --reason <text>', 'why (required); shown to everybody who waits for its end')
    .option('-w, --wait', 'wait until a dump is safe')
    .addHelpText(
      'after',
      `\n${wiring.note('Examples:')}\n  $ pika-expander hold 10.0.0.1:9221 --for 2h --reason "nightly backup" --wait\n${wiring.note(codes)}`,
    );
  addFieldOptions(ask, holdFields, wiring.context.reader.language);
  wiring.act(ask, async (session, [master], options: import('./commands/hold.ts').AskHoldOptions) =>
    (await import('./commands/hold.ts')).askHold(session, master as string, options),
  );
  wiring.act(
    wiring
      .command('list', 'list the holds that are active, the newest first', ['pika-expander hold list'])
      .option('--all', 'also those that are over'),
    async (session, _args, { all: also }: { all?: boolean }) =>
      (await import('./commands/hold.ts')).listHolds(session, also === true),
  );
  wiring.act(
    wiring
      .command('show <hold>', 'show whether a dump is safe, and what goes on at the master', [
        'pika-expander hold show hld_0mabc --wait',
      ])
      .option('-w, --wait', 'wait until a dump is safe'),
    async (session, [id], { wait }: { wait?: boolean }) =>
      (await import('./commands/hold.ts')).showHold(session, id as string, wait === true),
  );
  const extend = wiring.command('extend <hold>', 'let a hold last longer: so long from now on', [
    'pika-expander hold extend hld_0mabc --for 1h',
  ]);
  addFieldOptions(extend, holdFields, wiring.context.reader.language);
  wiring.act(extend, async (session, [id], options: import('./commands/hold.ts').AskHoldOptions) =>
    (await import('./commands/hold.ts')).extendHold(session, id as string, options),
  );
  wiring.act(
    wiring
      .command('end <hold>', 'end a hold: full syncs may begin again', [
        'pika-expander hold end hld_0mabc --reason "backup done"',
      ])
      .option('-r, --reason <text>', 'why (required); recorded with who asked'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/hold.ts')).endHold(session, id as string, reason),
  );
}

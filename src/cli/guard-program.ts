import { auditFields } from '../model/audit.ts';
import { guardAuditFields, guardFields } from '../model/guard.ts';
import { addFieldOptions } from './field-options.ts';
import { collected, type Wiring } from './wiring.ts';

const codes = `
Exit codes: 0 nothing is found, 1 at least one error, 4 only warnings`;

/** `guard …`: the standing watch of masters and their slaves. */
export function addGuardCommands(all: Wiring): void {
  const wiring = all.group(
    'guard',
    'watch masters and their slaves all the time, and audit them at set times',
  );
  const start = wiring
    .command('start [masters...]', 'watch some masters until it is ended', [
      'pika-expander guard start 10.0.0.1:9221 10.0.0.4:9221,credential=dc2 --label shop',
      'pika-expander guard start --all --audit-at "30 3 * * 1" --time-zone Europe/Berlin',
    ])
    .option('-f, --file <file>', 'more masters, one a line (- = standard input)')
    .option('--all', 'the masters of all expansions that the service keeps')
    .option(
      '--slave <host:port,seen-as=…>',
      'how the service reaches a slave that its master lists as seen-as; may be repeated',
      collected,
    )
    .option('--label <text>', 'how people find it again');
  addFieldOptions(start, guardFields, wiring.context.reader.language);
  addFieldOptions(start, { ...guardAuditFields, ...auditFields }, wiring.context.reader.language);
  wiring.act(start, async (session, masters, options: import('./commands/guard.ts').StartGuardOptions) =>
    (await import('./commands/guard.ts')).startGuard(session, masters, options),
  );
  wiring.act(
    wiring
      .command('list', 'list guards, the newest first', ['pika-expander guard list'])
      .option('--limit <n>', 'how many (1 to 200)'),
    async (session, _args, { limit }: { limit?: string }) =>
      (await import('./commands/guard.ts')).listGuards(session, limit),
  );
  wiring.act(
    wiring
      .command('show [guard]', 'show what a guard finds now (without one: the only one that is on)', [
        'pika-expander guard show grd_0mabc',
      ])
      .addHelpText('after', wiring.note(codes)),
    async (session, [id]) => (await import('./commands/guard.ts')).showGuard(session, id),
  );
  wiring.act(
    wiring
      .command('forget <guard> <slave>', 'guard a slave no longer that was taken out on purpose', [
        'pika-expander guard forget grd_0mabc 10.0.0.2:9221 --reason "machine retired"',
      ])
      .option('-r, --reason <text>', 'why (required); recorded with who asked'),
    async (session, [id, slave], { reason }: { reason?: string }) =>
      (await import('./commands/guard.ts')).askGuard(session, id as string, {
        forget: slave as string,
        reason,
      }),
  );
  wiring.act(
    wiring
      .command('end <guard>', 'end a guard', ['pika-expander guard end grd_0mabc --reason "moved to dc2"'])
      .option('-r, --reason <text>', 'why (required); recorded with who asked'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/guard.ts')).askGuard(session, id as string, { forget: null, reason }),
  );
}

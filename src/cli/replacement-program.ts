import { replacementFields } from '../model/replacement.ts';
import { addFieldOptions } from './field-options.ts';
import { addPolicyOptions } from './policy-options.ts';
import { collected, type Wiring } from './wiring.ts';

const codes = `
Exit codes: 0 every slave was taken out, 1 it failed or was cancelled, 4 it needs a person`;

type Options = import('./commands/replacement.ts').ReplaceOptions;

/** `replace`, `take-out` and `replacement …`: slaves of one master that go. */
export function addReplacementCommands(wiring: Wiring): void {
  const replace = wiring.command(
    'replace <master> <old=new...>',
    'replace slaves: new ones first, verified',
    [
      'pika-expander replace 10.0.0.1:9221 10.0.0.2:9221=10.0.0.5:9221 --reason "new hardware"',
      'pika-expander replace 10.0.0.1:9221 10.0.0.2:9221=10.0.0.5:9221,overwrite-data --keep 2 --reason "…"',
    ],
  );
  common(replace, wiring);
  addPolicyOptions(replace, wiring.context.reader.language);
  wiring.act(replace, async (session, [master, ...pairs], options: Options) =>
    (await import('./commands/replacement.ts')).replace(
      session,
      master as string,
      { replace: pairs },
      options,
    ),
  );
  const takeOut = wiring.command('take-out <master> <nodes...>', 'take slaves from their master', [
    'pika-expander take-out 10.0.0.1:9221 10.0.0.3:9221 --keep 2 --reason "fewer readers"',
  ]);
  common(takeOut, wiring);
  wiring.act(takeOut, async (session, [master, ...nodes], options: Options) =>
    (await import('./commands/replacement.ts')).replace(
      session,
      master as string,
      { takeOut: nodes },
      options,
    ),
  );

  const all = wiring.group('replacement', 'list, show, approve and cancel replacements');
  all.act(
    all
      .command('list', 'list replacements, the newest first', ['pika-expander replacement list'])
      .option('--limit <n>', 'how many (1 to 200)'),
    async (session, _args, { limit }: { limit?: string }) =>
      (await import('./commands/replacement.ts')).listReplacements(session, limit),
  );
  all.act(
    all
      .command('show <replacement>', 'show a replacement with its slaves', [
        'pika-expander replacement show rep_0mabc --watch',
      ])
      .option('--watch', 'follow it until it ends or needs a person')
      .addHelpText('after', wiring.note(codes)),
    async (session, [id], { watch }: { watch?: boolean }) =>
      (await import('./commands/replacement.ts')).showReplacement(session, id as string, watch === true),
  );
  all.act(
    all
      .command('approve <replacement>', 'approve that its slaves go; for another person than the requester', [
        'pika-expander replacement approve rep_0mabc --reason "looked at it"',
      ])
      .option('-r, --reason <text>', 'why (required); recorded with who asked'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/replacement.ts')).approveReplacement(session, id as string, reason),
  );
  all.act(
    all
      .command('cancel <replacement>', 'end a replacement; no further slave is detached', [
        'pika-expander replacement cancel rep_0mabc --reason "peak"',
      ])
      .option('-r, --reason <text>', 'why (required); recorded with who asked'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/replacement.ts')).cancelReplacement(session, id as string, reason),
  );
}

function common(command: ReturnType<Wiring['command']>, wiring: Wiring): void {
  command
    .option('-r, --reason <text>', 'why (required); recorded with who asked')
    .option('--label <text>', 'how people find it again')
    .option(
      '--not-reader <ip>',
      'connections from this IP address are no readers; may be repeated',
      collected,
    )
    .option(
      '--slave <host:port,seen-as=…>',
      'how the service reaches a slave that its master lists as seen-as; may be repeated',
      collected,
    )
    .option('--watch', 'follow it until it ends or needs a person')
    .option('--idempotency-key <key>', 'the same key starts the same replacement once')
    .addHelpText('after', wiring.note(codes));
  addFieldOptions(command, replacementFields, wiring.context.reader.language);
}

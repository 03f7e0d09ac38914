import { roles } from '../model/access.ts';
import type { Wiring } from './wiring.ts';

/** `token …`: who may do what, beside the configured tokens. */
export function addTokenCommands(all: Wiring): void {
  const wiring = all.group('token', 'create, list, revoke and rotate tokens, without a restart');
  wiring.act(
    wiring
      .command('create', 'create a token; its text is shown this once', [
        'pika-expander token create --name ann --role operator --expires 90d',
        'pika-expander token create --name team-7 --role operator --masters 10.7.0.0/16 --actions plan expand steer',
        'pika-expander token create --name host-7 --role agent --nodes 10.0.0.7',
      ])
      .option('-n, --name <name>', 'its name (required): the name of the requester in events and logs')
      .option('--role <role>', `its role (required): ${roles.join(', ')}`)
      .option('--masters <pattern...>', 'masters that it may act on, in the form of PIKA_NODES')
      .option('--nodes <pattern...>', 'nodes that it may act on; of an agent: its servers')
      .option('--actions <action...>', 'only these actions of its role (docs/access.md)')
      .option('--expires <duration>', 'when it ends: 90d, 12h (default: never)'),
    async (session, _args, options: import('./commands/token.ts').CreateTokenOptions) =>
      (await import('./commands/token.ts')).createToken(session, options),
  );
  wiring.act(
    wiring.command('list', 'list the tokens that were created, the newest first', [
      'pika-expander token list',
    ]),
    async (session) => (await import('./commands/token.ts')).listTokens(session),
  );
  wiring.act(
    wiring
      .command('revoke <token>', 'end a token, with its sessions and event streams', [
        'pika-expander token revoke tok_0mabc --reason "left the team"',
      ])
      .option('-r, --reason <text>', 'why'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/token.ts')).revokeToken(session, id as string, reason),
  );
  wiring.act(
    wiring
      .command('rotate <token>', 'give a token another text; it is shown this once', [
        'pika-expander token rotate tok_0mabc --grace 10m',
      ])
      .option('--grace <duration>', 'for how long the old text counts (default: not at all)'),
    async (session, [id], { grace }: { grace?: string }) =>
      (await import('./commands/token.ts')).rotateToken(session, id as string, grace),
  );
}

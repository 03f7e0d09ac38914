import type { Wiring } from './wiring.ts';

/** `webhook …`: programs that are told of events, or asked before steps. */
export function addWebhookCommands(all: Wiring): void {
  const wiring = all.group('webhook', 'make, list and remove webhooks, and see what became of deliveries');
  wiring.act(
    wiring
      .command('add <url>', 'make a webhook; the key of its signatures is shown this once', [
        'pika-expander webhook add https://hooks.example.net/pika --events expansion.halted,node.quarantined',
        'pika-expander webhook add https://hooks.example.net/gate --kind veto --steps before_batch',
      ])
      .option(
        '--kind <kind>',
        'notify: told of events; veto: asked before steps; trail: told of entries of the trail',
      )
      .option('--events <a,b>', 'only these types of events (default: all)')
      .option('--steps <a,b>', 'of a veto: the steps that it is asked about (default: before_batch)')
      .option('--answer-within <duration>', 'of a veto: how long its answer may take (default: 1h)'),
    async (session, [url], options: import('./commands/webhook.ts').AddWebhookOptions) =>
      (await import('./commands/webhook.ts')).addWebhook(session, url as string, options),
  );
  wiring.act(
    wiring.command('list', 'list webhooks, the oldest first', ['pika-expander webhook list']),
    async (session) => (await import('./commands/webhook.ts')).listWebhooks(session),
  );
  wiring.act(
    wiring
      .command('deliveries <webhook>', 'show what became of what was sent to a webhook, the newest first', [
        'pika-expander webhook deliveries whk_0mabc',
      ])
      .option('--limit <n>', 'how many (1 to 200)'),
    async (session, [id], { limit }: { limit?: string }) =>
      (await import('./commands/webhook.ts')).showDeliveries(session, id as string, limit),
  );
  wiring.act(
    wiring.command('remove <webhook>', 'remove a webhook with its deliveries', [
      'pika-expander webhook remove whk_0mabc',
    ]),
    async (session, [id]) => (await import('./commands/webhook.ts')).removeWebhook(session, id as string),
  );
}

/** `session …`: browsers that are signed in. */
export function addSessionCommands(all: Wiring): void {
  const wiring = all.group('session', 'list the browsers that are signed in, and end their sessions');
  wiring.act(
    wiring
      .command('list', 'list the browsers that are signed in, the newest first', [
        'pika-expander session list',
      ])
      .option('--limit <n>', 'how many (1 to 200)'),
    async (session, _args, { limit }: { limit?: string }) =>
      (await import('./commands/sessions.ts')).listSessions(session, limit),
  );
  wiring.act(
    wiring
      .command('end <session>', 'end a session, with its event streams', [
        'pika-expander session end ses_0mabc --reason "left the team"',
      ])
      .option('-r, --reason <text>', 'why'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/sessions.ts')).endSession(session, id as string, reason),
  );
}

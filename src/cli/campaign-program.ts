import type { CampaignVerb } from '../model/campaign.ts';
import type { Wiring } from './wiring.ts';

const controls: readonly {
  readonly verb: CampaignVerb;
  readonly summary: string;
  readonly example: string;
}[] = [
  {
    verb: 'pause',
    summary: 'begin no further member; members at work go on',
    example: 'traffic peak until 22:00',
  },
  { verb: 'resume', summary: 'go on with a paused campaign', example: 'peak is over' },
  { verb: 'approve', summary: 'let the rest begin after the canaries', example: 'canary looks good' },
  { verb: 'cancel', summary: 'end a campaign: no further member begins', example: 'wrong rack' },
];

/** `campaign …`: expansions of many masters, written in one file. */
export function addCampaignCommands(all: Wiring): void {
  const wiring = all.group('campaign', 'add nodes to many masters: canaries first, then the rest');
  wiring.act(
    wiring
      .command('start', 'plan, ask, start, and watch until it is over', [
        'pika-expander campaign start -f rack-7.yaml --dry-run',
        'pika-expander campaign start -f rack-7.yaml',
        'pika-expander campaign start -f rack-7.json --yes --detach --json',
      ])
      .requiredOption('-f, --file <file>', 'the campaign, YAML or JSON (- = standard input)')
      .option('--dry-run', 'only show what each member would do')
      .option('-y, --yes', 'start without asking')
      .option('-d, --detach', 'do not watch')
      .option('--wait', 'keep watching while it waits for a person')
      .option('--idempotency-key <key>', 'the same key starts the same campaign only once'),
    async (session, _args, options: import('./commands/campaign.ts').StartCampaignOptions) =>
      (await import('./commands/campaign.ts')).startCampaign(session, options),
  );
  wiring.act(
    wiring
      .command('list', 'list campaigns, the newest first', [
        'pika-expander campaign list --state running,halted',
      ])
      .option('--state <a,b>', 'only these states')
      .option('--search <text>', 'only where label, a master or a node holds the text')
      .option('--limit <n>', 'how many (1 to 200)')
      .option('--cursor <cursor>', 'go on where the last page ended'),
    async (
      session,
      _args,
      { state, search, limit, cursor }: import('./commands/campaign.ts').ListCampaignOptions,
    ) =>
      (await import('./commands/campaign.ts')).listCampaigns(session, {
        ...(state ? { state } : {}),
        ...(search ? { search } : {}),
        ...(limit ? { limit } : {}),
        ...(cursor ? { cursor } : {}),
      }),
  );
  wiring.act(
    wiring.command('show [campaign]', 'show a campaign as it stands (without one: the only one going on)', [
      'pika-expander campaign show cpn_0mabc',
    ]),
    async (session, [id]) => (await import('./commands/campaign.ts')).showCampaign(session, id),
  );
  wiring.act(
    wiring
      .command('follow [campaign]', 'watch a campaign until it is over', [
        'pika-expander campaign follow',
        'pika-expander campaign follow cpn_0mabc --json',
      ])
      .alias('watch')
      .option('--after <seq>', 'begin after this event')
      .option('--wait', 'keep watching while it waits for a person'),
    async (session, [id], options: { after?: string; wait?: boolean }) =>
      (await import('./commands/campaign.ts')).followCampaign(session, id, options),
  );
  for (const { verb, summary, example } of controls) {
    const command = wiring
      .command(`${verb} <campaign>`, summary, [
        `pika-expander campaign ${verb} cpn_0mabc --reason "${example}"`,
      ])
      .option('-r, --reason <text>', 'why (required); recorded with who asked')
      .option('-w, --follow', 'watch the campaign afterwards');
    if (verb === 'cancel') command.option('--with-members', 'also cancel the expansions of members at work');
    wiring.act(
      command,
      async (session, [id], options: import('./commands/campaign.ts').SteerCampaignOptions) =>
        (await import('./commands/campaign.ts')).steerCampaign(session, verb, id as string, options),
    );
  }
  wiring.act(
    wiring.command('report <campaign>', 'print what became of every member and node (Markdown; --json)', [
      'pika-expander campaign report cpn_0mabc > rack-7.md',
    ]),
    async (session, [id]) => (await import('./commands/campaign.ts')).reportCampaign(session, id as string),
  );
}

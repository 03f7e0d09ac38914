import { Command, Option } from 'commander';
import { auditFields } from '../model/audit.ts';
import { helpText } from '../model/command-line/help.ts';
import { comparisonFields } from '../model/comparison.ts';
import type { ControlVerb } from '../model/expansion.ts';
import { type Language, languages } from '../model/text.ts';
import { addSessionCommands, addWebhookCommands } from './access-program.ts';
import { addCampaignCommands } from './campaign-program.ts';
import { addChannelCommands } from './channel-program.ts';
import { completionModel, completionScript, type Shell, shells } from './completion.ts';
import type { CliContext } from './context.ts';
import type { Entrances } from './entrances.ts';
import { UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { addFieldOptions } from './field-options.ts';
import { addGuardCommands } from './guard-program.ts';
import { addHoldCommands } from './hold-program.ts';
import { addPolicyOptions } from './policy-options.ts';
import { addReplacementCommands } from './replacement-program.ts';
import { defaultUrl, type GlobalOptions } from './settings.ts';
import { addTokenCommands } from './token-program.ts';
import { addTrailCommands } from './trail-program.ts';
import { collected, type Finish, Wiring } from './wiring.ts';

const exitCodeHelp = `
Exit codes: 0 succeeded, 1 failed, 2 wrong usage, 3 refused by preflight,
            4 halted or waiting for a person, 130 stopped watching by Ctrl-C`;

/** The whole command line. What a command needs beyond its options is loaded only when it runs. */
export function buildProgram(
  version: string,
  context: CliContext,
  entrances: Entrances,
  finish: Finish,
): Command {
  const program = new Command('pika-expander')
    .description('Adds slaves to Pika masters one batch at a time, each full sync proven complete.')
    .option('--url <address>', `address of the service (else PIKA_EXPANDER_URL, config file, ${defaultUrl})`)
    .option('--token <token>', 'token to sign in by; visible to others in the process list, so rather:')
    .option('--token-file <file>', 'file that holds the token (else PIKA_EXPANDER_TOKEN, config file)')
    .option('--config <file>', 'config file (default: ~/.config/pika-expander/config.json)')
    .option('--json', 'print JSON: one document, or one object per line where the output goes on')
    .option('--plain', 'print lines instead of moving bars')
    .addOption(
      new Option('--lang <language>', 'language of the texts (default: that of the terminal)').choices(
        languages,
      ),
    )
    .addHelpText('after', helpText(exitCodeHelp, context.reader.language))
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // reportError prints all errors in the same way.
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(context.stdout.columns ?? 100, 110),
      getErrHelpWidth: () => Math.min(context.stderr.columns ?? 100, 110),
    })
    .configureHelp({ styleTitle: (title) => helpText(title, context.reader.language) })
    .exitOverride();
  const wiring = new Wiring(program, context, finish);
  addExpansionCommands(wiring, entrances);
  addControlCommands(wiring);
  addCampaignCommands(wiring);
  addGuardCommands(wiring);
  addDoctorCommand(wiring);
  addReadyCommand(wiring);
  addHoldCommands(wiring);
  addReplacementCommands(wiring);
  addAuditCommands(wiring);
  addTokenCommands(wiring);
  addSessionCommands(wiring);
  addWebhookCommands(wiring);
  addChannelCommands(wiring);
  addDataCommands(wiring, entrances);
  addTrailCommands(wiring, entrances);
  addServiceCommands(wiring, entrances, version);
  speak(program, context.reader.language);
  return program;
}

/** Puts every description of the help into this language. */
function speak(command: Command, language: Language): void {
  const said = (text: string): string => helpText(text, language);
  command
    .description(said(command.description()))
    .summary(said(command.summary()))
    .helpOption('-h, --help', said('display help for command'));
  if (command.commands.length > 0) command.helpCommand('help [command]', said('display help for command'));
  for (const option of command.options) option.description = said(option.description);
  for (const inner of command.commands) speak(inner, language);
}

function addExpansionCommands(wiring: Wiring, entrances: Entrances): void {
  const nodeNote =
    '\nA node is host:port, with what the request permits after commas:\n' +
    '  10.0.0.2:9221,overwrite-data      its own data may be replaced\n' +
    '  10.0.0.2:9221,repoint             it may be taken away from the master it has now\n' +
    '  10.0.0.2:9221,seen-as=10.8.0.2:9221,credential=name';
  const master = ['-m, --master <host:port>', 'the master; may carry ,seen-as=… and ,credential=…'] as const;
  const nodesAndPolicy = (command: Command) =>
    addPolicyOptions(
      command.option('-f, --nodes-file <file>', 'more nodes, one a line (- = standard input)'),
      wiring.context.reader.language,
    ).addHelpText('after', wiring.note(nodeNote));
  const request = (command: Command) =>
    nodesAndPolicy(
      command
        .option(...master)
        .option('--retry-of <id>', 'an ended expansion, in place of the master: what it has left unverified'),
    );
  const planOrRequest = (command: Command) =>
    request(command.option('--plan <id>', 'a plan that was made before, in place of master and nodes'));

  wiring.act(
    request(
      wiring.command('plan [nodes...]', 'show what an expansion would do; nothing is started', [
        'pika-expander plan --master 10.0.0.1:9221 10.0.0.2:9221 10.0.0.3:9221',
        'pika-expander plan --master 10.0.0.1:9221 --nodes-file nodes.txt --json',
      ]),
    ),
    async (session, args, options: import('./request.ts').RequestOptions) =>
      (await import('./commands/plan.ts')).plan(session, args, options),
  );
  wiring.act(
    planOrRequest(
      wiring.command(
        'rehearse [nodes...]',
        'play a plan on simulated nodes, with faults; nothing is started',
        [
          'pika-expander rehearse --master 10.0.0.1:9221 10.0.0.2:9221 10.0.0.3:9221',
          'pika-expander rehearse --plan plan_0mabc',
        ],
      ),
    ),
    async (session, args, options: import('./request.ts').RequestOptions) =>
      (await import('./commands/rehearse.ts')).rehearse(session, args, options),
  );
  wiring.act(
    planOrRequest(
      wiring.command('expand [nodes...]', 'plan, ask, start, and watch until it is over', [
        'pika-expander expand --master 10.0.0.1:9221 10.0.0.2:9221 10.0.0.3:9221',
        'pika-expander expand --master 10.0.0.1:9221 --nodes-file nodes.txt --approval each_batch --label "shard 7"',
        'pika-expander expand --master 10.0.0.1:9221 10.0.0.2:9221,overwrite-data --yes --detach --json',
        'pika-expander expand --plan plan_0mabc --at 22:00 --detach',
        'pika-expander expand --retry-of exp_0mabc 10.0.0.3:9221,overwrite-data',
      ]),
    )
      .option('-l, --label <text>', 'a text to recognise the expansion by')
      .option('--at <time>', 'begin then: 22:00, 2026-12-01T22:00, 2026-12-01T22:00+08:00')
      .option('-y, --yes', 'start without asking')
      .option('-d, --detach', 'do not watch')
      .option('--wait', 'keep watching while it waits for a person')
      .option('--idempotency-key <key>', 'the same key starts the same expansion only once'),
    async (session, args, options: import('./commands/expand.ts').ExpandOptions) =>
      (await import('./commands/expand.ts')).expand(session, args, options),
  );
  wiring.act(
    wiring
      .command('watch [id]', 'watch an expansion until it is over (no id: the one that is going on)', [
        'pika-expander watch',
        'pika-expander watch exp_0mabc --json',
      ])
      .option('--after <seq>', 'begin after this event')
      .option('--wait', 'keep watching while it waits for a person'),
    async (session, [id], options: import('./commands/look.ts').WatchCommandOptions) =>
      (await import('./commands/look.ts')).watch(session, id, options),
  );
  wiring.act(
    wiring
      .command('list', 'list expansions, the newest first', [
        'pika-expander list --state running,halted',
        'pika-expander list --master 10.0.0.1:9221 --json',
      ])
      .option('--state <a,b>', 'only these states')
      .option('--search <text>', 'only where label, master or node holds the text')
      .option('--master <host:port>', 'only of this master')
      .option('--limit <n>', 'how many (1 to 200)')
      .option('--cursor <cursor>', 'go on where the last page ended'),
    async (
      session,
      _args,
      { state, search, master, limit, cursor }: import('./commands/look.ts').ListOptions,
    ) =>
      (await import('./commands/look.ts')).list(session, {
        ...(state ? { state } : {}),
        ...(search ? { search } : {}),
        ...(master ? { master } : {}),
        ...(limit ? { limit } : {}),
        ...(cursor ? { cursor } : {}),
      }),
  );
  wiring.act(
    wiring
      .command('show [id]', 'show an expansion, or a node with its host, as it stands', [
        'pika-expander show exp_0mabc',
        'pika-expander show exp_0mabc --node 10.0.0.2:9221',
      ])
      .option('--node <node>', 'only this node, with the files, disks and log lines that agents see'),
    async (session, [id], options: { node?: string }) =>
      (await import('./commands/look.ts')).show(session, id, options),
  );
  const evidence = wiring
    .command('evidence [id]', 'show per node why it counts as verified, or why not; check a file of it', [
      'pika-expander evidence exp_0mabc',
      'pika-expander evidence exp_0mabc --out exp_0mabc.evidence.json',
      'pika-expander evidence --verify exp_0mabc.evidence.json --key sha256:…',
    ])
    .option('-o, --out <file>', 'write the signed evidence to this file; it must not exist')
    .option('--verify <file>', 'check such a file, without the service: 0 only when every verdict follows')
    .option('--key <file|id>', 'with --verify: the key that must have signed it')
    .addHelpText('after', wiring.note(verifyCodes));
  evidence.action(async (id: string | undefined, _options, command: Command) => {
    const options = command.optsWithGlobals<
      GlobalOptions & { readonly out?: string; readonly verify?: string; readonly key?: string }
    >();
    const { verify } = options;
    if (verify !== undefined) {
      const { verifyEvidence } = await import('./commands/verify-evidence.ts');
      wiring.finish(await verifyEvidence(entrances, wiring.context, { ...options, verify }, id));
      return;
    }
    const { openSession } = await import('./session.ts');
    const look = await import('./commands/look.ts');
    wiring.finish(await look.evidence(openSession(options, wiring.context), id, options));
  });
}

function addDoctorCommand(wiring: Wiring): void {
  wiring.act(
    wiring
      .command('doctor', 'how the service is, who waits for what, and what needs a person', [
        'pika-expander doctor',
        'pika-expander doctor --json',
      ])
      .addHelpText(
        'after',
        wiring.note(
          '\nExit codes: 0 nothing is to be done, 1 a part of the service does not work, 4 something needs a person',
        ),
      ),
    async (session) => (await import('./commands/doctor.ts')).doctor(session),
  );
}

function addReadyCommand(wiring: Wiring): void {
  wiring.act(
    wiring
      .command('ready <node>', 'whether readers may get a node: 0 only while its last proof holds', [
        'pika-expander ready 10.0.0.2:9221',
        'pika-expander ready 10.0.0.2:9221 --master 10.0.0.1:9221 --unknown-is-ready',
      ])
      .option('-m, --master <host:port>', 'whose slave it has to be')
      .option('--unknown-is-ready', 'exit with 0 also where the service cannot be asked')
      .addHelpText(
        'after',
        wiring.note('\nExit codes: 0 ready, 1 not ready, or the service cannot be asked'),
      ),
    async (session, [node], options: import('./commands/ready.ts').ReadyOptions) =>
      (await import('./commands/ready.ts')).ready(session, node as string, options),
  );
}

const verifyCodes = `
Exit codes of --verify: 0 every verdict follows, 1 changed, signed by another key, or a verdict does not follow,
                        4 looks that would show a rule are not in the file`;

const controls: readonly { verb: ControlVerb; summary: string; node: boolean; example: string }[] = [
  {
    verb: 'pause',
    summary: 'begin no further batch; nodes in full sync are finished first',
    node: false,
    example: 'traffic peak until 22:00',
  },
  { verb: 'resume', summary: 'go on after a pause or a halt', node: false, example: 'peak is over' },
  {
    verb: 'cancel',
    summary: 'end an expansion; nodes that are not verified are detached',
    node: false,
    example: 'wrong master',
  },
  { verb: 'approve', summary: 'let the next batch begin', node: false, example: 'checked the first node' },
  { verb: 'retry', summary: 'attach a given-up node once more', node: true, example: 'disk replaced' },
  { verb: 'skip', summary: 'go on without a node', node: true, example: 'host is down for repair' },
];

function addControlCommands(wiring: Wiring): void {
  for (const { verb, summary, node, example } of controls) {
    const name = node ? `${verb} <id> <node>` : `${verb} <id>`;
    const args = node ? 'exp_0mabc 10.0.0.2:9221' : 'exp_0mabc';
    wiring.act(
      wiring
        .command(name, summary, [`pika-expander ${verb} ${args} --reason "${example}"`])
        .option('-r, --reason <text>', 'why (required); recorded with who asked')
        .option('-w, --watch', 'watch the expansion afterwards'),
      async (session, [id, target], options: import('./commands/control.ts').ControlOptions) =>
        (await import('./commands/control.ts')).control(session, verb, id as string, target ?? null, options),
    );
  }
  for (const verb of ['freeze', 'unfreeze'] as const) {
    const summary =
      verb === 'freeze' ? 'keep every worker from attaching any node' : 'let workers attach nodes again';
    const command = wiring
      .command(verb, summary, [`pika-expander ${verb} --reason "network maintenance"`])
      .option('-r, --reason <text>', 'why; recorded with who asked');
    if (verb === 'freeze') command.option('--status', 'only show whether it is frozen');
    wiring.act(command, async (session, _args, options: { reason?: string; status?: boolean }) => {
      if (options.status) return (await import('./commands/look.ts')).showFreeze(session);
      const { setFreeze } = await import('./commands/control.ts');
      return setFreeze(session, verb, options);
    });
  }
}

function addAuditCommands(wiring: Wiring): void {
  wiring.act(
    addFieldOptions(
      wiring
        .command('audit [masters...]', 'judge every slave of some masters; 0 only when all are whole', [
          'pika-expander audit 10.0.0.1:9221 10.0.0.4:9221,credential=dc2',
          'pika-expander audit --all --max-ops-per-second 5000',
          'pika-expander audit --file masters.txt --depth full --detach',
        ])
        .option('-f, --file <file>', 'more masters, one a line (- = standard input)')
        .option('--all', 'the masters of all expansions that the service keeps')
        .option(
          '--slave <host:port,seen-as=…>',
          'how the service reaches a slave that its master lists as seen-as; may be repeated',
          collected,
        )
        .option('-d, --detach', 'do not wait for the result')
        .addHelpText('after', wiring.note(auditCodes)),
      auditFields,
      wiring.context.reader.language,
    ),
    async (session, masters, options: import('./commands/audit.ts').AuditOptions) =>
      (await import('./commands/audit.ts')).audit(session, masters, options),
  );
  wiring.act(
    wiring
      .command('audits [audit]', 'list audits, or show one of them, repair what it found, or end it', [
        'pika-expander audits',
        'pika-expander audits aud_0mabc --report > audit.md',
        'pika-expander audits aud_0mabc --repair 10.0.0.2:9221',
        'pika-expander audits aud_0mabc --cancel --reason "traffic peak"',
      ])
      .option('--limit <n>', 'how many (1 to 200)')
      .option('--report', 'print the report in Markdown')
      .addOption(
        new Option(
          '--repair [slave...]',
          'plan, ask and start expansions that give damaged slaves (default: all) a full sync',
        ).conflicts(['report', 'cancel']),
      )
      .option('-y, --yes', 'with --repair: start without asking')
      .addOption(new Option('--cancel', 'end it; what was judged stays').conflicts(['report']))
      .option('-r, --reason <text>', 'why; recorded with who asked')
      .addHelpText('after', wiring.note(auditCodes)),
    async (session, [id], options: import('./commands/audit.ts').AuditsOptions) =>
      (await import('./commands/audit.ts')).audits(session, id, options),
  );
}

const auditCodes = `
Exit codes of an audit: 0 every slave is whole, 1 a slave is damaged,
                        4 none is damaged, but a slave or a master is doubtful or not judged`;

function addDataCommands(wiring: Wiring, entrances: Entrances): void {
  wiring.act(
    addFieldOptions(
      wiring
        .command('compare <left> <right>', 'compare the data of two servers; 0 only when they are equal', [
          'pika-expander compare 10.0.0.1:9221 10.0.0.2:9221 --depth full',
          'pika-expander compare 10.0.0.1:9221,credential=old 10.0.0.2:9221 --max-ops-per-second 20000',
        ])
        .option('-d, --detach', 'do not wait for the result'),
      comparisonFields,
      wiring.context.reader.language,
    ),
    async (session, [left, right], options: import('./commands/compare.ts').CompareOptions) =>
      (await import('./commands/compare.ts')).compare(session, left as string, right as string, options),
  );
  wiring.act(
    wiring
      .command('comparison <comparison>', 'show or steer a comparison', [
        'pika-expander comparison cmp_0mabc',
        'pika-expander comparison cmp_0mabc --differences > differences.jsonl',
        'pika-expander comparison cmp_0mabc --pause --reason "latency is high"',
      ])
      .option('--differences', 'print all differences as JSON lines')
      .addOption(new Option('--pause', 'pause it').conflicts(['resume', 'cancel', 'differences']))
      .addOption(new Option('--resume', 'go on').conflicts(['cancel', 'differences']))
      .addOption(new Option('--cancel', 'end it').conflicts(['differences']))
      .option('-r, --reason <text>', 'why; recorded with who asked'),
    async (session, [id], options: import('./commands/compare.ts').ComparisonOptions) =>
      (await import('./commands/compare.ts')).comparison(session, id as string, options),
  );
  wiring.act(
    wiring
      .command('comparisons', 'list comparisons, the newest first')
      .option('--limit <n>', 'how many (1 to 200)'),
    async (session, _args, { limit }: { limit?: string }) =>
      (await import('./commands/compare.ts')).comparisons(session, limit ? { limit } : {}),
  );
  wiring.act(
    wiring.command('agents', 'show which agents report, of which servers, and what of it does not count', [
      'pika-expander agents',
    ]),
    async (session) => (await import('./commands/agents.ts')).agents(session),
  );
  wiring.act(
    wiring
      .command('recording <id>', 'write what an expansion saw as a recording, for replay', [
        'pika-expander recording exp_0mabc --out incident.jsonl',
        'pika-expander recording exp_0mabc --hide-addresses > incident.jsonl',
      ])
      .option('-o, --out <file>', 'file to write; it must not exist (default: standard output)')
      .option('--hide-addresses', 'put other addresses in the place of all'),
    async (session, [id], options: import('./commands/recording.ts').RecordingOptions) =>
      (await import('./commands/recording.ts')).recording(session, id as string, options),
  );
  const replay = wiring.command(
    'replay <file>',
    'run a recording through the full-sync tracker (post-mortem)',
    ['pika-expander replay incident.jsonl', 'pika-expander replay incident.jsonl --json'],
  );
  replay.action(async (file: string) => {
    const { replay: run } = await import('./commands/replay.ts');
    wiring.finish(await run(entrances, wiring.context, replay.optsWithGlobals<GlobalOptions>(), file));
  });
  const record = wiring
    .command(
      'record [nodes...]',
      'record what servers say about themselves, for replay; sends INFO and LASTSAVE',
      [
        'pika-expander record --master 10.0.0.1:9221 10.0.0.2:9221 --out incident.jsonl --for 30m',
        'pika-expander record -m 10.0.0.1:9221 10.0.0.2:9221 --log s1=/data/pika/log/pika.INFO --out incident.jsonl',
      ],
    )
    .requiredOption('-m, --master <host:port>', 'the master, named m in the recording; nodes are s1, s2, …')
    .requiredOption('-o, --out <file>', 'file to write; it must not exist')
    .option('--for <duration>', 'end after this time (or by Ctrl-C)', '1h')
    .option('--every <duration>', 'time between two looks at a server', '500ms')
    .option('--log <name=file...>', 'follow this log file of m, s1, … on this machine')
    .option('--password-file <file>', 'file that holds the password of the servers')
    .option('--hide-addresses', 'put other addresses in the place of all');
  record.action(async (nodes: string[], _options, command: Command) => {
    const { record: run } = await import('./commands/record.ts');
    const options = command.optsWithGlobals<GlobalOptions & import('./commands/record.ts').RecordOptions>();
    wiring.finish(await run(entrances, wiring.context, options, nodes));
  });
  const logs = wiring
    .command('logs <file...>', 'what the log files of a slave tell of its full syncs', [
      'pika-expander logs /data/pika/log',
      'pika-expander logs pika.INFO --master-log master/pika.INFO --json',
    ])
    .option('--master-log <file...>', 'log files of its master: they tell of dumps that were made meanwhile');
  logs.action(async (files: string[], _options, command: Command) => {
    const { logs: run } = await import('./commands/logs.ts');
    const options = command.optsWithGlobals<GlobalOptions & { masterLog?: string[] }>();
    wiring.finish(await run(entrances, wiring.context, options, files));
  });
}

const placeNote =
  '\nThe database is that of the service: DATABASE_URL, or the folder of the embedded one; --config or PIKA_EXPANDER_CONFIG.';

function addServiceCommands(wiring: Wiring, entrances: Entrances, version: string): void {
  const { context, finish, program } = wiring;
  const serve = wiring
    .command('serve', 'run the service: API, dashboard and worker', [
      'pika-expander serve',
      'pika-expander serve --role worker',
      'PIKA_EXPANDER_OPERATOR_TOKEN=… pika-expander serve --host 0.0.0.0 --port 8080',
    ])
    .addOption(new Option('--role <role>', 'what this process does').choices(['all', 'api', 'worker']))
    .option('--host <host>', 'where to listen (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on (default: 8080)')
    .option('--data-dir <folder>', 'folder of the embedded database (default: ./data)')
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent')
    .addHelpText(
      'after',
      wiring.note('\nThe configuration file of the service is given by --config or PIKA_EXPANDER_CONFIG.'),
    );
  serve.action(async () => {
    const { serve: run } = await import('./commands/serve.ts');
    finish(await run(entrances, serve.optsWithGlobals()));
  });
  const backup = wiring
    .command('backup <file>', 'write all that the service keeps to a new file, also while it runs', [
      'pika-expander backup /backup/pika-expander-2026-12-01.gz --verify',
    ])
    .option('--verify', 'also restore it into a database of its own, and compare')
    .option('--data-dir <folder>', 'folder of the embedded database (default: ./data)')
    .addHelpText('after', wiring.note(placeNote));
  backup.action(async (file: string) => {
    const { backup: run } = await import('./commands/backup.ts');
    finish(await run(entrances, context, backup.optsWithGlobals(), file));
  });
  const restore = wiring
    .command(
      'restore [file]',
      'put a backup in the place of what the database holds; stop the service first',
      ['pika-expander restore /backup/pika-expander-2026-12-01.gz --replace', 'pika-expander restore --mark'],
    )
    .option('--replace', 'also where the database holds expansions; they are gone then')
    .option('--mark', 'only note that pg_restore, or a copy of the disk, has restored the database')
    .option('--data-dir <folder>', 'folder of the embedded database (default: ./data)')
    .addHelpText('after', wiring.note(placeNote));
  restore.action(async (file: string | undefined) => {
    const { restore: run } = await import('./commands/backup.ts');
    finish(await run(entrances, context, restore.optsWithGlobals(), file));
  });
  const agent = wiring
    .command(
      'agent',
      'run beside the servers of this host: tell the service of their logs, folders and disks',
      [
        'pika-expander agent --service https://expander:8080 --token-file /etc/pika-expander/token',
        'pika-expander agent --service http://10.0.0.1:8080 --conf /etc/pika/9221.conf --conf /etc/pika/9222.conf',
        'pika-expander agent --print',
      ],
    )
    .option('--service <url>', 'address of the service (else --url, PIKA_EXPANDER_URL)')
    .option('--conf <file>', 'pika.conf of a server; may be repeated (default: of those that run)', collected)
    .option('--as <host:port>', 'address under which a server is known; may be repeated', collected)
    .option('--state <file>', 'file in which it keeps its place in the logs')
    .option('--print', 'print one report and end; nothing is sent')
    .addHelpText(
      'after',
      wiring.note(
        '\nWith --config <file> the agent reads these options from a JSON file, see docs/agent.md. The token comes from\n--token-file or PIKA_EXPANDER_TOKEN.',
      ),
    );
  agent.action(async () => {
    const { agent: run } = await import('./commands/agent.ts');
    finish(await run(entrances, context, agent.optsWithGlobals(), version));
  });
  const demo = wiring
    .command('demo', 'show on simulated nodes how data get lost, and how this service prevents it')
    .option('--keep', 'leave the service running at the end, until Ctrl-C (default: on a terminal)');
  demo.action(async () =>
    finish((await entrances.demo({ ...demo.opts(), language: context.reader.language })) as ExitCode),
  );
  const simulate = wiring
    .command('simulate', 'serve simulated Pika nodes to try the service on, until Ctrl-C', [
      'pika-expander simulate',
      'pika-expander simulate --version 3.5.5 --nodes 12 --port 19221',
    ])
    .option('--version <version>', 'release of Pika that the nodes play (default: 3.5.4)')
    .option('--nodes <n>', 'empty nodes beside the master (default: 6)')
    .option(
      '--port <port>',
      'port of the master; those of the nodes follow (default: 9221; 0: any free ports)',
    )
    .option('--keys <n>', 'keys on the master (default: 24000)')
    .option('--writes <n>', 'writes to the master, per second (default: 200)');
  simulate.action(async () => {
    const { simulate: run } = await import('./commands/simulate.ts');
    finish(await run(entrances, context, simulate.opts()));
  });
  wiring
    .command('completion <shell>', 'print the completion script of a shell (bash, zsh, fish)', [
      'source <(pika-expander completion bash)',
      'pika-expander completion fish | source',
    ])
    .action((shell: string) => {
      if (!(shells as readonly string[]).includes(shell))
        throw new UsageError(({ usage }) => usage.noShell(shell, shells.join(', ')));
      context.stdout.write(completionScript(shell as Shell, completionModel(program)));
      finish(exitCodes.succeeded);
    });
  const ids = program.command('complete-ids', { hidden: true }).action(async () => {
    const { printIds } = await import('./commands/complete-ids.ts');
    finish(await printIds(ids.optsWithGlobals<GlobalOptions>(), context));
  });
}

import { channelKinds, topics } from '../model/channel.ts';
import { languages } from '../model/text.ts';
import type { Wiring } from './wiring.ts';

type Options = import('./commands/channel.ts').ChannelOptions;

/** `channel …`: where people are told of what needs them, and what needs them. */
export function addChannelCommands(all: Wiring): void {
  const wiring = all.group('channel', 'tell people what needs them: Slack, DingTalk, Feishu, WeCom, e-mail');
  const add = wiring
    .command('add', 'make a channel', [
      'pika-expander channel add --name "on call" --kind slack --address-file slack-url',
      'pika-expander channel add --name ding --kind dingtalk --address-file address --secret-file secret --messages zh --quiet 22:00-08:00 Asia/Shanghai',
      'pika-expander channel add --name mail --kind email --address smtps://mail.example.net --user pika --secret-file password --from pika@example.net --to oncall@example.net',
    ])
    .option('-n, --name <name>', 'what people call it (required)')
    .option('--kind <kind>', `what it is (required): ${channelKinds.join(', ')}`)
    .option('--address-file <file>', 'file with the address that the service gave you (required), or:')
    .option('--address <url>', 'the address itself; visible to others in the process list');
  wiring.act(addSettings(add), async (session, _args, options: Options) =>
    (await import('./commands/channel.ts')).addChannel(session, options),
  );
  const change = wiring
    .command('change <channel>', 'change what is given, and leave the rest', [
      'pika-expander channel change chn_0mabc --address-file slack-url',
      'pika-expander channel change chn_0mabc --topics all --quiet never',
    ])
    .option('-n, --name <name>', 'what people call it')
    .option('--address-file <file>', 'file with the address that the service gave you, or:')
    .option('--address <url>', 'the address itself; visible to others in the process list');
  wiring.act(addSettings(change), async (session, [id], options: Options) =>
    (await import('./commands/channel.ts')).changeChannel(session, id as string, options),
  );
  wiring.act(
    wiring.command('list', 'list the channels, the oldest first', ['pika-expander channel list']),
    async (session) => (await import('./commands/channel.ts')).listChannels(session),
  );
  wiring.act(
    wiring.command('test <channel>', 'send a test message now', ['pika-expander channel test chn_0mabc']),
    async (session, [id]) => (await import('./commands/channel.ts')).testChannel(session, id as string),
  );
  wiring.act(
    wiring.command('remove <channel>', 'delete a channel with its messages', [
      'pika-expander channel remove chn_0mabc',
    ]),
    async (session, [id]) => (await import('./commands/channel.ts')).removeChannel(session, id as string),
  );
  wiring.act(
    wiring
      .command('incidents', 'list what needs a person, the newest first', ['pika-expander channel incidents'])
      .option('--all', 'also those that are over'),
    async (session, _args, { all: also }: { all?: boolean }) =>
      (await import('./commands/channel.ts')).listIncidents(session, also ?? false),
  );
  wiring.act(
    wiring
      .command('acknowledge <incident>', 'say that you see to it: it is not said again', [
        'pika-expander channel acknowledge inc_0mabc --reason "on it"',
      ])
      .option('-r, --reason <text>', 'what you tell the others'),
    async (session, [id], { reason }: { reason?: string }) =>
      (await import('./commands/channel.ts')).acknowledge(session, id as string, reason),
  );
}

const addSettings = (command: import('commander').Command) =>
  command
    .option('--secret-file <file>', 'file with the secret that signs, or the password of the mail server')
    .option('--user <login>', 'of email: the login')
    .option('--from <address>', 'of email: the sender')
    .option('--to <address...>', 'of email: the receivers')
    .option('--topics <topic...>', `only these topics, or all: ${topics.join(', ')}`)
    .option('--masters <pattern...>', 'only incidents of these masters, in the form of PIKA_NODES, or all')
    .option('--messages <language>', `the language of its messages: ${languages.join(', ')} (default: en)`)
    .option(
      '--repeat <duration>',
      'what nobody acknowledges is said again after this time, or never (default: 30m)',
    )
    .option('--quiet <hours...>', 'quiet hours and their time zone, as 22:00-08:00 Asia/Shanghai, or never')
    .option(
      '--break-through <topic...>',
      'what is said in quiet hours all the same (default: halted unattended)',
    );

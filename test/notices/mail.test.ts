import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Notice } from '../../src/model/notice.ts';
import { readSaid } from '../../src/model/text.ts';
import { deliveryTexts } from '../../src/model/webhook-texts.ts';
import { createNoticeSender, type NoticeAnswer } from '../../src/notices/send.ts';
import type { StoredChannel } from '../../src/store/channels.ts';
import { aChannel } from '../core/notice/samples.ts';
import { createAuthority, type TestAuthority } from '../support/certificates.ts';

interface Mailed {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  readonly text: string;
}

let authority: TestAuthority;
let tls: { readonly cert: string; readonly key: string };
let ca: string;
beforeAll(() => {
  authority = createAuthority();
  const { certFile, keyFile } = authority.issue('mail');
  tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  ca = readFileSync(authority.caFile, 'utf8');
});
afterAll(() => authority.remove());

const servers: { close(done: () => void): unknown }[] = [];
afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
  );
});

/** A mail server that lets `pika` in with the password `mail-password`. */
async function serve(
  options: SMTPServerOptions,
): Promise<{ readonly port: number; readonly mails: Mailed[] }> {
  const mails: Mailed[] = [];
  const server = new SMTPServer({
    ...tls,
    disabledCommands: options.disabledCommands ?? [],
    authOptional: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'pika' && password === 'mail-password'
        ? done(null, { user: username })
        : done(new Error('wrong login mail-password')),
    onData(stream, { envelope, user, secure }, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        mails.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          user: user as string | undefined,
          secure,
          text: Buffer.concat(pieces).toString(),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { port: (server.server.address() as AddressInfo).port, mails };
}

const channel = (url: string, over: Partial<StoredChannel> = {}): StoredChannel => ({
  ...aChannel({
    kind: 'email',
    mail: { from: 'pika@example.net', to: ['a@example.net', 'b@example.net'], user: 'pika' },
  }),
  url,
  secret: 'mail-password',
  ...over,
});

const text = { subject: 'Expansion exp_1', title: '[Needs a person] 扩容', lines: ['line 1', '.', 'line 3'] };
const notice = (news: Notice['items'][number]['news']): Notice => ({
  summary: null,
  moreItems: 0,
  items: [
    {
      incidentId: 'inc_1',
      news,
      owner: 'expansionId',
      ownerId: 'exp_1',
      label: null,
      openedAt: 1,
      acknowledged: null,
      problems: [],
      moreProblems: 0,
    },
  ],
});

function send(
  to: StoredChannel,
  about: Notice | null = null,
  over: { readonly allowed?: readonly string[]; readonly timeoutMs?: number; readonly ca?: string } = {},
): Promise<NoticeAnswer> {
  const sender = createNoticeSender({
    timeoutMs: over.timeoutMs ?? 20_000,
    now: Date.now,
    wayOut: { allowed: over.allowed ?? ['127.0.0.1'] },
    ca: over.ca ?? ca,
  });
  return sender(to, { id: 'ntc_1', text, notice: about }, new AbortController().signal);
}

const says = ({ error }: NoticeAnswer) =>
  error === null ? null : readSaid(deliveryTexts, error, { language: 'en', tool: 'cli' });

describe('a mail', () => {
  it.each([
    ['smtps', { secure: true }],
    ['smtp', { secure: false }],
  ] as const)('goes over %s encrypted, with the login', async (scheme, options) => {
    const { port, mails } = await serve(options);
    expect(await send(channel(`${scheme}://127.0.0.1:${port}`))).toMatchObject({
      delivered: true,
      error: null,
    });
    expect(mails).toMatchObject([
      { from: 'pika@example.net', to: ['a@example.net', 'b@example.net'], user: 'pika', secure: true },
    ]);
    expect(mails[0]!.text).toMatch(/^Subject: \[pika-expander\] Expansion exp_1\r$/m);
    expect(mails[0]!.text).toMatch(/^Message-ID: <ntc_1@pika-expander>\r$/m);
  });

  it('goes in clear only where the address says so, without a login', async () => {
    const { port, mails } = await serve({ hideSTARTTLS: true, disabledCommands: ['AUTH', 'STARTTLS'] });
    const mail = { from: 'pika@example.net', to: ['a@example.net'], user: null };
    const plain = channel(`smtp+plain://127.0.0.1:${port}`, { mail, secret: null });
    expect(await send(plain)).toMatchObject({ delivered: true });
    expect(mails).toMatchObject([{ secure: false, user: undefined }]);
  });

  it('is not sent where the server offers no encryption, nor is the password', async () => {
    const { port, mails } = await serve({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    expect((await send(channel(`smtp://127.0.0.1:${port}`))).delivered).toBe(false);
    expect(mails).toEqual([]);
  });

  it('is not sent to a server whose certificate nobody vouches for', async () => {
    const { port, mails } = await serve({ secure: true });
    const other = createAuthority();
    const answer = await send(channel(`smtps://127.0.0.1:${port}`), null, {
      ca: readFileSync(other.caFile, 'utf8'),
    });
    other.remove();
    expect(answer.delivered).toBe(false);
    expect(says(answer)).toMatch(/connection failed/);
    expect(mails).toEqual([]);
  });

  it('about an incident answers the first mail of the incident', async () => {
    const { port, mails } = await serve({ secure: true });
    const to = channel(`smtps://127.0.0.1:${port}`);
    await send(to, notice('opened'));
    await send(to, notice('over'));
    const header = (at: number, name: string) =>
      new RegExp(`^${name}: (.*)\\r$`, 'im').exec(mails[at]!.text)?.[1];
    expect(header(0, 'Message-ID')).toBe('<inc_1.chn_1@pika-expander>');
    expect(header(0, 'In-Reply-To')).toBeUndefined();
    expect(header(1, 'Message-ID')).toBe('<ntc_1@pika-expander>');
    expect(header(1, 'In-Reply-To')).toBe('<inc_1.chn_1@pika-expander>');
    expect(header(1, 'Subject')).toBe('Re: [pika-expander] Expansion exp_1');
  });
});

describe('what fails', () => {
  it('says a wrong login, and not the password', async () => {
    const { port } = await serve({ secure: true });
    const answer = await send(channel(`smtps://127.0.0.1:${port}`, { secret: 'wrong-password' }));
    expect(answer).toMatchObject({ delivered: false, refused: true });
    expect(says(answer)).toMatch(/^answered 535/);
  });

  it('says receivers that the server does not take', async () => {
    const { port } = await serve({
      secure: true,
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('no such person'), { responseCode: 550 })),
    });
    const answer = await send(channel(`smtps://127.0.0.1:${port}`));
    expect(answer).toMatchObject({ delivered: false, refused: true });
    expect(says(answer)).toMatch(/^answered 550: .*no such person/);
  });

  it('passes where the server is busy', async () => {
    const { port } = await serve({
      secure: true,
      onMailFrom: (_address, _session, done) => done(Object.assign(new Error('busy'), { responseCode: 451 })),
    });
    expect(await send(channel(`smtps://127.0.0.1:${port}`))).toMatchObject({
      delivered: false,
      refused: false,
    });
  });

  it('is a private address that the operator has not allowed: nothing connects to it', async () => {
    let connected = 0;
    const { port } = await serve({
      secure: true,
      onConnect(_session, done) {
        connected += 1;
        done();
      },
    });
    for (const host of ['127.0.0.1', 'localhost']) {
      const answer = await send(channel(`smtps://${host}:${port}`), null, { allowed: [] });
      expect(answer.delivered).toBe(false);
    }
    expect(connected).toBe(0);
  });

  it.each(['before its greeting', 'after it'])(
    'is a server that hangs %s, within the limit',
    async (when) => {
      const open: Socket[] = [];
      const server: Server = createServer((socket) => {
        open.push(socket);
        socket.on('error', () => {});
        if (when === 'after it') socket.write('220 ready\r\n');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const answer = await send(channel(`smtp://127.0.0.1:${port}`), null, { timeoutMs: 200 });
      expect(says(answer)).toBe('no answer within 0.2 s');
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  );

  it('is a server that is not there', async () => {
    const { port } = await serve({ secure: true });
    await new Promise<void>((resolve) => servers.pop()!.close(() => resolve()));
    expect(says(await send(channel(`smtps://127.0.0.1:${port}`)))).toBe('connection refused');
  });
});

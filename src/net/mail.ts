import { lookup } from 'node:dns';
import { once } from 'node:events';
import { connect as netConnect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { judgedLookup } from '../platform/network.ts';
import { ForbiddenAddress, type WayOut } from './outgoing.ts';
import { type MailServer, parseMailUrl } from './url.ts';

export interface OutgoingMail {
  /** `smtps://`, `smtp://` (STARTTLS) or `smtp+plain://`, with the server. */
  readonly url: string;
  /** null = no login. */
  readonly user: string | null;
  readonly password: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The same for every attempt; what is before the @. */
  readonly id: string;
  /** The id of the mail that it answers; null = none. */
  readonly answers: string | null;
}

export interface MailOptions {
  /** Certificates to trust beside those that Node trusts (NODE_EXTRA_CA_CERTS). */
  readonly ca?: string;
}

const domain = 'pika-expander';

/**
 * Sends one mail over SMTP. The address of the connection is judged after the name was resolved, as for HTTP. Throws Refusal for
 * a wrong address, ForbiddenAddress where the name leads to an address that is not allowed, and what the server said.
 */
export async function sendMail(
  wayOut: WayOut,
  mail: OutgoingMail,
  signal: AbortSignal,
  { ca }: MailOptions = {},
): Promise<void> {
  const server = parseMailUrl(mail.url, wayOut.allowed);
  // Most services send no mail: they need not wait for it at their start.
  const { createTransport } = await import('nodemailer');
  const socket = await connected(wayOut, server, signal);
  const cutOff = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', cutOff, { once: true });
  const { host, port, security } = server;
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'plain',
    getSocket: (_options, done) => done(null, { connection: socket }),
    ...(mail.user === null ? {} : { auth: { user: mail.user, pass: mail.password ?? '' } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await aborting(
      transport.sendMail({
        from: mail.from,
        to: [...mail.to],
        subject: mail.subject,
        text: mail.text,
        messageId: `<${mail.id}@${domain}>`,
        headers: { 'auto-submitted': 'auto-generated' },
        ...(mail.answers === null
          ? {}
          : { inReplyTo: `<${mail.answers}@${domain}>`, references: `<${mail.answers}@${domain}>` }),
      }),
      signal,
    );
  } finally {
    signal.removeEventListener('abort', cutOff);
    transport.close();
    socket.destroy();
  }
}

async function connected({ network }: WayOut, server: MailServer, signal: AbortSignal): Promise<Socket> {
  const options: TcpNetConnectOpts = {
    host: server.host,
    port: server.port,
    lookup: judgedLookup(
      network ?? { resolve: lookup },
      server.mayBeReached,
      (name, ips) => new ForbiddenAddress(name, ips),
    ),
  };
  const socket = network === undefined ? netConnect(options) : network.connect(options);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : error;
  }
}

/** Ends with the signal, whatever the mail server does. */
function aborting<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

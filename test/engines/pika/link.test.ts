import * as net from 'node:net';
import { expect, it } from 'vitest';
import { realNetwork } from '../../../src/engines/node-access.ts';
import { openLink } from '../../../src/engines/pika/link.ts';

/** A connection that breaks in the moment in which it was made: before anything that waits for it goes on. */
function brokenAtOnce(): net.Socket {
  const socket = new net.Socket();
  setImmediate(() => {
    socket.emit('connect');
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  });
  return socket;
}

it('rejects when the connection breaks as soon as it is made', async () => {
  const never = new AbortController().signal;
  const network = { ...realNetwork, connect: brokenAtOnce };
  const asked = { host: 'node', port: 1 };
  const link = openLink(asked, never, { asked, credential: null }, network);
  await expect(link.then((opened) => opened.send([['PING']]))).rejects.toMatchObject({
    name: 'LinkError',
    code: 'ECONNRESET',
  });
});

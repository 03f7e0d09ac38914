import * as net from 'node:net';
import { expect, it, vi } from 'vitest';
import { openLink } from '../../../src/engines/pika/link.ts';
import { defaultReplyLimits } from '../../../src/engines/pika/reply-guard.ts';

vi.mock('node:net', async (importOriginal) => ({
  ...(await importOriginal<typeof net>()),
  connect: vi.fn(),
}));

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
  vi.mocked(net.connect).mockImplementation(brokenAtOnce);
  const never = new AbortController().signal;
  await expect(openLink({ host: 'node', port: 1 }, defaultReplyLimits, never)).rejects.toMatchObject({
    name: 'LinkError',
    code: 'ECONNRESET',
  });
});

import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestApi, testApi } from '../api/support.ts';

let api: TestApi;
const sockets: Socket[] = [];
beforeEach(async () => {
  api = await testApi();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.app.close();
});

test('a connection that sends no whole head of a request is closed', async () => {
  const { server } = api.app;
  expect([server.headersTimeout, server.keepAliveTimeout]).toEqual([9000, 9000]);
  server.headersTimeout = 50;
  const { port } = server.address() as { port: number };
  const halves = ['', 'GET /', 'POST /v1/session HTTP/1.1\r\nhost: 127.0.0.1\r\nx: '];
  await Promise.all(
    halves.map(async (text) => {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => undefined).resume();
      if (text !== '') socket.write(text);
      await new Promise((resolve) => socket.once('close', resolve));
    }),
  );
});

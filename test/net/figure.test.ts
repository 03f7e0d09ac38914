import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createFigureReader, figureIn } from '../../src/net/figure.ts';

describe("an operator's figure of health", () => {
  test.each([
    ['42', 42],
    [' 0.5\n', 0.5],
    ['{"value": 7.25, "unit": "ms"}', 7.25],
    ['{"value": "7"}', null],
    ['null', null],
    ['ok', null],
    ['', null],
  ])('%j is read as %j', (text, value) => {
    expect(figureIn(text)).toBe(value);
  });

  test('is read over HTTP; an error, a redirect and a link-local address give none', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/load') response.end('3.5');
      else if (request.url === '/moved') response.writeHead(302, { location: '/load' }).end();
      else response.writeHead(500).end('9');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const read = createFigureReader(5000, { allowed: ['127.0.0.1'] });
      const urls = [`${base}/load`, `${base}/moved`, `${base}/broken`, 'http://169.254.169.254/load'];
      expect(await Promise.all(urls.map(read))).toEqual([3.5, null, null, null]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

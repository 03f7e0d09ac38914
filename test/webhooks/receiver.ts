import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Somebody else's HTTP server; how it answers is the test's to say. */
export class Receiver {
  readonly received: Received[] = [];
  answer: (response: ServerResponse, index: number) => void = (response) => response.writeHead(204).end();
  openNow = 0;
  mostOpen = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.openNow += 1;
    this.mostOpen = Math.max(this.mostOpen, this.openNow);
    response.on('close', () => {
      this.openNow -= 1;
    });
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url: path = '', headers } = request;
    this.received.push({ method, path, headers, body });
    this.answer(response, this.received.length - 1);
  }
}

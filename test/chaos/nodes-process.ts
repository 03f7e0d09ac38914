import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from '../support/compiled.ts';
import type { Entry } from './history.ts';
import type { NodesAnswers, NodesMessage } from './nodes.ts';

/** The simulated nodes in their process. */
export interface Nodes {
  readonly pid: number;
  ask<K extends keyof NodesAnswers>(
    what: K,
    ...args: Parameters<NodesAnswers[K]>
  ): Promise<ReturnType<NodesAnswers[K]>>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Starts it; `onEntry` is told everything that the observer sees, in order. */
export async function startNodes(seed: string, onEntry: (entry: Entry) => void): Promise<Nodes> {
  const child: ChildProcess = fork(await compiled('chaos/nodes.ts'), [seed], {
    execArgv: [],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let ready: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });

  child.on('message', (message: NodesMessage) => {
    if ('ready' in message) return ready();
    if ('entry' in message) return onEntry(message.entry);
    const each = waiting.get(message.number);
    waiting.delete(message.number);
    if ('error' in message) each?.reject(new Error(`the nodes: ${message.error}`));
    else each?.resolve(message.value as never);
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    const error = new Error(`the process of the nodes ended (${signal ?? code})`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    throw error;
  });
  ended.catch(() => undefined);
  await Promise.race([isReady, ended]);
  return {
    pid: child.pid!,
    ask(ask, ...args) {
      asked += 1;
      const number = asked;
      return new Promise((resolve, reject) => {
        waiting.set(number, { resolve, reject });
        if (!child.connected) return reject(new Error('the process of the nodes is gone'));
        child.send({ number, ask, args });
      });
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}

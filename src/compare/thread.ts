import { parentPort } from 'node:worker_threads';
import { run } from './run.ts';
import type { ThreadMessage, ThreadTask } from './threaded.ts';

/** The other end of threaded.ts: runs one comparison after the other, and reports each over the parent's port. */
const port = parentPort;
if (port === null) throw new Error('this file is the body of a thread');
const tell = (message: ThreadMessage): void => port.postMessage(message);
let stop = new AbortController();

async function carryOut(task: ThreadTask): Promise<void> {
  stop = new AbortController();
  const { report, fault, differences } = await run({
    ...task,
    signal: stop.signal,
    onProgress: (progress) => tell({ kind: 'progress', progress }),
    onCheckpoint: (checkpoint) => tell({ kind: 'checkpoint', checkpoint }),
  });
  tell({
    kind: 'done',
    report,
    differences,
    fault: fault && { code: fault.code, server: fault.server, said: fault.said },
  });
}

port.on('message', (message: ThreadTask | 'abort') => {
  if (message === 'abort') stop.abort();
  else void carryOut(message);
});

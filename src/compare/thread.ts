import { parentPort, workerData } from 'node:worker_threads';
import { run } from './run.ts';
import type { ThreadMessage, ThreadTask } from './threaded.ts';

/** The other end of threaded.ts: runs one comparison and reports it over the parent's port. */
const port = parentPort;
if (port === null) throw new Error('this file is the body of a thread');
const tell = (message: ThreadMessage): void => port.postMessage(message);
const stop = new AbortController();
port.once('message', () => stop.abort());

const { report, fault, differences } = await run({
  ...(workerData as ThreadTask),
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
port.close();

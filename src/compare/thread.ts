import { parentPort } from 'node:worker_threads';
import { run } from './run.ts';
import type { ThreadMessage, ThreadTask } from './threaded.ts';

/** The other end of threaded.ts: runs comparisons side by side, and reports each over the parent's port. */
const port = parentPort;
if (port === null) throw new Error('this file is the body of a thread');
const tell = (message: ThreadMessage): void => port.postMessage(message);
const running = new Map<number, AbortController>();

async function carryOut({ id, kind: _, ...options }: Extract<ThreadTask, { kind: 'begin' }>): Promise<void> {
  const stop = new AbortController();
  running.set(id, stop);
  const { report, fault, differences } = await run({
    ...options,
    signal: stop.signal,
    onProgress: (progress) => tell({ id, kind: 'progress', progress }),
    onCheckpoint: (checkpoint) => tell({ id, kind: 'checkpoint', checkpoint }),
  });
  running.delete(id);
  tell({
    id,
    kind: 'done',
    report,
    differences,
    fault: fault && { code: fault.code, server: fault.server, said: fault.said },
  });
}

port.on('message', (task: ThreadTask) => {
  if (task.kind === 'abort') running.get(task.id)?.abort();
  else void carryOut(task);
});

/** `pika-expander simulate`: a master and empty nodes to try the service on, served until Ctrl-C. */
import { createInterface } from 'node:readline';
import type { CommandLineWords } from '../model/command-line/index.ts';
import { createDemoCluster, type SimulatedVersion, serveCluster } from '../simulator/index.ts';
import { Faults } from './faults.ts';

export interface SimulateRequest {
  readonly version: SimulatedVersion;
  readonly nodes: number;
  /** Port of the master; those of the nodes follow. 0 = the system chooses all. */
  readonly port: number;
  readonly keys: number;
  readonly writesPerSecond: number;
}

export interface SimulateParts {
  readonly words: CommandLineWords['simulate'];
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: { write(text: string): unknown; readonly isTTY?: boolean | undefined };
  /** Ends it. */
  readonly signal: AbortSignal;
}

const bytesPerKey = 4000;
/** Long enough to be watched, short enough to be waited for. */
const transferMs = 6000;

/**
 * Serves the nodes on loopback until the signal, or until `quit` is typed. Lines of the input are faults. Rejects
 * with the error of the system where a port cannot be had.
 */
export async function simulate(request: SimulateRequest, parts: SimulateParts): Promise<void> {
  const { words, output } = parts;
  const { version, nodes, port, keys, writesPerSecond } = request;
  const cluster = createDemoCluster({
    seed: String(Date.now()),
    now: Date.now(),
    version,
    emptyNodes: nodes,
    keys,
    writesPerSecond,
    snapshotBytes: keys * bytesPerKey,
    transferMs,
    ...(port === 0 ? {} : { firstPort: port }),
  });
  const served = await serveCluster(cluster, { ports: port === 0 ? 'free' : 'given' });
  const [master, ...empty] = Object.values(served.addresses) as [string, ...string[]];
  const faults = new Faults(cluster, 'm', words);
  const say = (text = ''): void => void output.write(`${text}\n`);
  say(words.title({ version, nodes, keys, writes: writesPerSecond }));
  say();
  for (const line of faults.nodes()) say(line);
  say(`\n${words.serveStep}\n\n  pika-expander serve\n`);
  say(`${words.expandStep}\n\n  pika-expander expand --master ${master} ${empty.join(' ')}\n`);
  say(`${words.lastWords}\n`);
  const prompt = openPrompt(parts, faults);
  cluster.world.processListeners.add(({ id }, up) => prompt.say(up ? words.started(id) : words.ended(id)));
  await prompt.closed;
  await served.close();
}

function openPrompt({ input, output, signal }: SimulateParts, faults: Faults) {
  const isTerminal = input.isTTY === true && output.isTTY === true;
  const lines = createInterface({
    input,
    ...(isTerminal ? { output: output as NodeJS.WritableStream, prompt: '> ' } : {}),
    terminal: isTerminal,
  });
  const ask = (): void => {
    if (isTerminal) lines.prompt(true);
  };
  /** Beside what a person is typing: their line is written again below. */
  const say = (text: string): void => {
    output.write(isTerminal ? `\r\u001b[K${text}\n` : `${text}\n`);
    ask();
  };
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      lines.close();
      resolve();
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    lines.on('SIGINT', end);
    // Where the input ends (`< /dev/null`), the nodes stay.
    if (isTerminal) lines.on('close', end);
    let last = Promise.resolve();
    lines.on('line', (line) => {
      if (line.trim() === 'quit') return end();
      last = last.then(async () => {
        for await (const text of faults.run(line)) say(text);
        ask();
      });
    });
  });
  ask();
  return { say, closed };
}

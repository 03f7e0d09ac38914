import { createInterface } from 'node:readline';
import type { CliContext } from './context.ts';

/** Asks a yes/no question on the terminal; anything but y or yes is no. Ctrl-C gives `interrupted`. */
export async function ask(context: CliContext, question: string): Promise<'yes' | 'no' | 'interrupted'> {
  const lines = createInterface({
    input: context.stdin,
    output: context.stdout as NodeJS.WritableStream,
    terminal: context.stdin.isTTY === true,
  });
  const undo = context.onInterrupt(() => lines.emit('SIGINT'));
  try {
    return await new Promise((resolve) => {
      lines.on('SIGINT', () => {
        context.stdout.write('\n');
        resolve('interrupted');
      });
      lines.on('close', () => resolve('no'));
      lines.question(question, (answer) => resolve(/^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no'));
    });
  } finally {
    undo();
    lines.close();
  }
}

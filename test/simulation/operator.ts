import type { Random } from '../../src/simulator/random.ts';

const attemptsAtMost = 4;
const retriesAtMost = 3;

/**
 * What a sensible operator decides about a node that blocks its expansion. The operator counts the retries, too: a retry
 * that ends before its attempt begins (the node is gone) leaves the number of attempts as it was.
 */
export function createOperator(random: Random) {
  const retries = new Map<string, number>();
  return (node: string, attempts: number): 'retry' | 'skip' => {
    const asked = retries.get(node) ?? 0;
    if (attempts >= attemptsAtMost || asked >= retriesAtMost || random.next() >= 0.4) return 'skip';
    retries.set(node, asked + 1);
    return 'retry';
  };
}

import type { Doorbell } from '../../src/queue/doorbell.ts';
import type { Clock as VirtualClock } from '../../src/simulator/clock.ts';
import type { Random } from '../../src/simulator/random.ts';

/** What may be wrong with the queue. */
export interface BellTrouble {
  lostShare: number;
  doubledShare: number;
  lateMs: number;
}

/** Wake-ups that get lost, doubled and late, each answered by one of the processes that are there. */
export function createBells(
  time: VirtualClock,
  random: Random,
  trouble: BellTrouble,
  answer: (expansionId: string) => void,
): Doorbell {
  return {
    async ring(expansionId, delayMs = 0) {
      if (random.next() < trouble.lostShare) return;
      const copies = random.next() < trouble.doubledShare ? 2 : 1;
      for (let i = 0; i < copies; i += 1) {
        const late = trouble.lateMs > 0 && random.next() < 0.5 ? random.next() * trouble.lateMs : 0;
        time.after(delayMs + random.within([0.2, 3]) + late, () => answer(expansionId));
      }
    },
    ringAgain(expansionId) {
      return this.ring(expansionId);
    },
    async ping() {},
    async workers() {
      return 1;
    },
    async close() {},
  };
}

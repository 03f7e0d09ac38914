import { writeSync } from 'node:fs';
import { type AtCrashPoint, type CrashOrder, passByCrashPoints } from './crash-points.ts';

const standardError = 2;

/**
 * What a process does at its crash points. With an order it counts how often it comes to the point and kills itself
 * there (SIGKILL: nothing is handed over, nothing is closed), after one line on stderr. Only tests give an order.
 */
export function crashAsOrdered(order: CrashOrder | null): AtCrashPoint {
  if (order === null) return passByCrashPoints;
  let left = order.time;
  return (point) => {
    if (point !== order.point) return;
    left -= 1;
    if (left > 0) return;
    writeSync(standardError, `crash point ${order.point}:${order.time} was reached\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}

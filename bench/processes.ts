/** What a process costs, as Linux counts it. */
import { readFile } from 'node:fs/promises';

/** Of /proc: clock ticks in a second. */
const msPerTick = 10;

/** Processor time of a process so far, milliseconds. */
export async function processorMs(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** Resident memory of a process, MB: as of now, or the most that it had. */
export async function memoryMb(pid: number, when: 'now' | 'peak'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const name = when === 'now' ? 'VmRSS' : 'VmHWM';
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024);
}

const statOf = async (pid: number): Promise<readonly string[]> =>
  (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)!.split(' ');

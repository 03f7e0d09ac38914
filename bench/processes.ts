/** What a process costs, as Linux counts it. */
import { readdir, readFile } from 'node:fs/promises';

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
/** The same of a server with its children: those that live, and those that have ended. */
export async function processorMsWithChildren(pid: number): Promise<number> {
  const own = await statOf(pid);
  const ended = (Number(own[13]) + Number(own[14])) * msPerTick;
  const children = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ofChildren = children.map(async (name) => {
    const fields = await statOf(Number(name)).catch(() => []);
    return fields[1] === String(pid) ? (Number(fields[11]) + Number(fields[12])) * msPerTick : 0;
  });
  const living = (await Promise.all(ofChildren)).reduce((sum, ms) => sum + ms, 0);
  return (Number(own[11]) + Number(own[12])) * msPerTick + ended + living;
}

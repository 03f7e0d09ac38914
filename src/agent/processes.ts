/** The Pika processes of this host, as Linux shows them. Elsewhere there are none to be seen. */
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

export interface PikaProcess {
  /** On this host. */
  readonly pid: number;
  /** As the server itself prints it: in a container that is another one. */
  readonly ownPid: number;
  /** Its pika.conf, absolute. */
  readonly conf: string;
  readonly workingFolder: string;
  /** Whether it sees other files under the same paths: a container. */
  readonly ownFiles: boolean;
  /** Its variable TZ; null = not set, or not to be read. */
  readonly timeZone: string | null;
  readonly openFileLimit: number | null;
}

/** No program of Pika has so many arguments; what else a file of /proc/PID holds that is read here is shorter too. */
const longestRead = 4000;
/** Of so many looks, only the first two look at a process that is none of Pika: by the second it is what it was started for. */
const looksPerStranger = 12;

/** How often each process was looked for that turned out to be none of Pika, by its number. */
export type Strangers = Map<number, number>;

/**
 * Running servers. A process that ends meanwhile, or that this user may not look into, is left out. With the `strangers`
 * of the looks before, a host with hundreds of processes costs little.
 */
export async function findPikaProcesses(
  proc = '/proc',
  strangers: Strangers = new Map(),
): Promise<readonly PikaProcess[]> {
  const names = await readdir(proc).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found: PikaProcess[] = [];
  const looks = new Map(strangers);
  strangers.clear();
  for (const pid of pids) {
    const before = looks.get(pid) ?? 0;
    const process = before % looksPerStranger < 2 ? await readProcess(proc, pid).catch(() => null) : null;
    if (process) found.push(process);
    else strangers.set(pid, before + 1);
  }
  return found.toSorted((a, b) => a.pid - b.pid);
}

/** Whether this process still runs with this pika.conf. */
export async function stillRuns(process: PikaProcess, proc = '/proc'): Promise<boolean> {
  const conf = await confArgument(proc, process.pid).catch(() => null);
  return conf !== null && resolve(process.workingFolder, conf) === process.conf;
}

async function readProcess(proc: string, pid: number): Promise<PikaProcess | null> {
  const conf = await confArgument(proc, pid);
  if (conf === null) return null;
  const folder = `${proc}/${pid}`;
  const workingFolder = await readlink(`${folder}/cwd`);
  const [status, limits, environment, ownFiles] = await Promise.all([
    readStart(`${folder}/status`),
    readStart(`${folder}/limits`).catch(() => ''),
    readFile(`${folder}/environ`, 'latin1').catch(() => ''),
    seesOtherFiles(proc, pid),
  ]);
  const pids = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return {
    pid,
    ownPid: Number(pids.at(-1) ?? pid),
    conf: resolve(workingFolder, conf),
    workingFolder,
    ownFiles,
    timeZone: /(?:^|\0)TZ=([^\0]*)/.exec(environment)?.[1] ?? null,
    openFileLimit: limit === undefined ? null : Number(limit),
  };
}

/** The value of -c, where the program is a Pika. */
async function confArgument(proc: string, pid: number): Promise<string | null> {
  const [program = '', ...args] = (await readStart(`${proc}/${pid}/cmdline`)).split('\0');
  if (!/^pika(?:[-_]?server)?(?:[-_]?\d[\w.]*)?$/.test(basename(program))) return null;
  const at = args.findIndex((arg) => arg.startsWith('-c'));
  if (at < 0) return null;
  return (args[at] === '-c' ? args[at + 1] : args[at]!.slice(2)) || null;
}

async function seesOtherFiles(proc: string, pid: number): Promise<boolean> {
  try {
    const [own, other] = await Promise.all(['self', pid].map((each) => readlink(`${proc}/${each}/ns/mnt`)));
    return own !== other;
  } catch {
    return false;
  }
}

/** `readFile` takes 64 KB for each file whose size it does not know. */
async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(longestRead), 0, longestRead, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

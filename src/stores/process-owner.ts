import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import process from 'node:process';

/** What is asked of the operating system. Missing files read as `undefined`. */
export interface System {
  readonly platform: string;
  readonly pid: number;
  readonly hostname: string;
  /** The hardware addresses of the machine. */
  readonly addresses: readonly string[];
  readFile(path: string): string | undefined;
  readLink(path: string): string | undefined;
  /** Whether there is a process with this id. Where it cannot be told, there is. */
  hasProcess(pid: number): boolean;
}

/** Names the program that holds a store, so that others of the same machine can prove that it has died. */
export interface ProcessOwner {
  readonly owner: string;
  /** Only with a proof: its machine has to be this one, since the last start, and its processes visible from here. */
  readonly ownerGone: (owner: string) => boolean;
}

/** A name says: which machine, which process, when it started, and which store in it. */
export function createProcessOwner(system: System = ourSystem): ProcessOwner {
  const machine = machineOf(system);
  const started = startOf(system, system.pid) ?? UNKNOWN;
  return {
    owner: [machine, system.pid, started, randomUUID()].join(' '),
    ownerGone(owner) {
      const [itsMachine, itsPid, itsStart, id] = owner.split(' ');
      const pid = Number(itsPid);
      if (id === undefined || itsMachine !== machine || !Number.isSafeInteger(pid) || pid <= 0) return false;
      if (!system.hasProcess(pid)) return true;
      // Numbers of processes are given out again.
      const start = startOf(system, pid);
      return start !== undefined && itsStart !== UNKNOWN && start !== itsStart;
    },
  };
}

const UNKNOWN = '-';
const DEAD = 'dead';

/** Where process ids mean the same. Hashed: what is stored tells nobody the names of machines. */
function machineOf(system: System): string {
  if (system.platform !== 'linux') return hashOf([system.hostname, ...system.addresses]);
  const boot = system.readFile('/proc/sys/kernel/random/boot_id');
  const namespace = system.readLink('/proc/self/ns/pid');
  // Containers may share a name and addresses: without the namespace nothing is proven.
  if (!hasOwnProc(system) || boot === undefined || namespace === undefined) return randomUUID();
  return hashOf([system.hostname, boot.trim(), namespace]);
}

/** When a process started, in ticks since the machine did; `DEAD` where only its parent has not noticed yet. */
function startOf(system: System, pid: number): string | undefined {
  if (system.platform !== 'linux' || !hasOwnProc(system)) return undefined;
  const stat = system.readFile(`/proc/${pid}/stat`);
  // The second field is the name of the program in brackets, and may hold anything (proc(5)).
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' || fields?.[0] === 'X' ? DEAD : fields?.[19];
}

/** Whether `/proc` shows the processes as this one sees them: it may be that of the host of a container. */
function hasOwnProc(system: System): boolean {
  return system.readLink('/proc/self') === String(system.pid);
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

const ourSystem: System = {
  get platform() {
    return process.platform;
  },
  get pid() {
    return process.pid;
  },
  get hostname() {
    return hostname();
  },
  get addresses() {
    const all = Object.values(networkInterfaces()).flatMap((list = []) => list);
    const own = all.filter(({ internal, mac }) => !internal && mac !== '00:00:00:00:00:00');
    return Array.from(new Set(own.map(({ mac }) => mac))).sort();
  },
  readFile: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  readLink: (path) => orUndefined(() => readlinkSync(path)),
  hasProcess(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ESRCH';
    }
  },
};

function orUndefined(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

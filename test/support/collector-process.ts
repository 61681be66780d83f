import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CollectorStatus } from '../../src/console/status.ts';

export interface CollectorOptions {
  /** Configuration and state are kept here. */
  readonly folder: string;
  /** Without it the collector runs a PostgreSQL of its own. */
  readonly databaseUrl?: string;
  /** 0: the system chooses. */
  readonly flowPort?: number;
  /** More of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** More of the environment, for all of its processes. */
  readonly environment?: Readonly<Record<string, string>>;
}

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));

/** The whole collector as a user runs it: `dogwatch run` in a process of its own, with one flow port on loopback. */
export class CollectorProcess {
  readonly pid: number;
  readonly flowPort: number;
  readonly #child: ChildProcess;
  readonly #httpPort: number;
  readonly #output: () => string;
  readonly #closed: Promise<unknown>;

  private constructor(
    child: ChildProcess,
    closed: Promise<unknown>,
    flowPort: number,
    httpPort: number,
    output: () => string,
  ) {
    if (child.pid === undefined) throw new Error('the collector has no process');
    this.pid = child.pid;
    this.flowPort = flowPort;
    this.#child = child;
    this.#closed = closed;
    this.#httpPort = httpPort;
    this.#output = output;
  }

  /** Resolves when it listens. @throws Error with everything that it said, when it ends instead */
  static async start(options: CollectorOptions): Promise<CollectorProcess> {
    const httpPort = await freeTcpPort();
    const file = join(options.folder, 'dogwatch.yaml');
    await writeFile(file, JSON.stringify(configuration(options, httpPort))); // JSON is YAML as well
    const child = spawn(process.execPath, [LAUNCHER, 'run', '--json', '--config', file], {
      cwd: options.folder,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const closed = once(child, 'close');
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => (text += `${line}\n`));
    const [line]: string[] = await Promise.race([once(lines, 'line'), closed.then(() => [])]);
    const flowPort = startedPort(line);
    if (flowPort === undefined) throw new Error(`the collector did not start:\n${text}`);
    return new CollectorProcess(child, closed, flowPort, httpPort, () => text);
  }

  async status(): Promise<CollectorStatus> {
    const answer = await fetch(`http://127.0.0.1:${this.#httpPort}/api/status`);
    const status: CollectorStatus = JSON.parse(await answer.text());
    return status;
  }

  /** What Prometheus reads. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`)).text();
  }

  /** Everything that it said: JSON lines of `run --json` and of its log. */
  get output(): string {
    return this.#output();
  }

  /** Resident memory of its process and of those that it started, PostgreSQL's apart. proc(5), /proc/pid/status. */
  async residentBytes(): Promise<number> {
    const sizes = (await this.#processes()).map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** Processor time that they used until now. proc(5), /proc/pid/stat: utime, stime in hundredths of a second. */
  async cpuSeconds(): Promise<number> {
    const times = (await this.#processes()).map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
    });
    return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
  }

  async #processes(): Promise<number[]> {
    const found = [this.pid];
    // `found` grows while it is walked: children of children come last.
    for (const pid of found) {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
      for (const child of children.split(' ').filter(Boolean).map(Number)) {
        const command = await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '');
        if (!command.startsWith('postgres')) found.push(child);
      }
    }
    return found;
  }

  /** Ends it as Ctrl-C does: what was accepted is written. @throws Error when it does not end well */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#closed;
    if (this.#child.exitCode !== 0)
      throw new Error(`the collector ended with ${this.#child.exitCode}:\n${this.output}`);
  }

  /** Ends all of its processes as a power cut does. */
  async kill(): Promise<void> {
    const pids = await this.freeze();
    for (const pid of pids) signal(pid, 'SIGKILL');
    await this.#closed;
  }

  /** Kills the keeper alone; resolves when it is gone. The others are left to notice. */
  async killKeeper(): Promise<void> {
    const isGone = once(this.#child, 'exit');
    signal(this.pid, 'SIGKILL');
    await isGone;
  }

  /** Halts all of its processes, the keeper first: it replaces none of the others then. @returns their ids */
  async freeze(): Promise<number[]> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return [];
    signal(this.pid, 'SIGSTOP');
    const pids = await this.#processes();
    for (const pid of pids) signal(pid, 'SIGSTOP');
    return pids;
  }
}

function configuration(options: CollectorOptions, httpPort: number): Record<string, unknown> {
  return {
    stateDirectory: options.folder,
    listeners: [{ address: '127.0.0.1', port: options.flowPort ?? 0 }],
    http: { port: httpPort },
    ...(options.databaseUrl === undefined ? {} : { database: { url: options.databaseUrl } }),
    ...options.settings,
  };
}

/** From the line that `run --json` prints when all is up. */
function startedPort(line: string | undefined): number | undefined {
  if (line === undefined) return undefined;
  const { event, status }: { event: string; status: CollectorStatus } = JSON.parse(line);
  return event === 'started' ? status.listeners[0]?.port : undefined;
}

/** A port that nobody listens at. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** One that has ended meanwhile is as good as halted. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { run, runWithin } from './ip.ts';

export interface ProgramOptions {
  readonly folder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly stdio?: StdioOptions;
}

/** A machine of the lab: a network namespace with one interface on the switch. */
export class Host {
  readonly name: string;
  readonly namespace: string;
  readonly interface = 'eth0';
  readonly number: number;
  readonly address: string;
  readonly address6: string;
  #mac = '';

  constructor(name: string, namespace: string, number: number) {
    this.name = name;
    this.namespace = namespace;
    this.number = number;
    this.address = `10.77.0.${number}`;
    this.address6 = `fd77::${number}`;
  }

  get mac(): string {
    return this.#mac;
  }

  /** Called by the segment once the interface is there. */
  async setUp(): Promise<void> {
    await this.ip('link', 'set', 'lo', 'up');
    await this.ip('link', 'set', this.interface, 'up');
    await this.ip('address', 'add', `${this.address}/24`, 'dev', this.interface);
    await this.ip('address', 'add', `${this.address6}/64`, 'dev', this.interface, 'nodad');
    this.#mac = (await this.run('cat', `/sys/class/net/${this.interface}/address`)).trim();
  }

  /** `ip` of this machine. @returns what it printed */
  ip(...parameters: string[]): Promise<string> {
    return run('ip', '-n', this.namespace, ...parameters);
  }

  /** Runs a command on this machine to its end. @returns its standard output */
  run(command: string, ...parameters: string[]): Promise<string> {
    return run('ip', 'netns', 'exec', this.namespace, command, ...parameters);
  }

  /** The same, where it may take longer. */
  runWithin(limitMs: number, command: string, ...parameters: string[]): Promise<string> {
    return runWithin(limitMs, 'ip', 'netns', 'exec', this.namespace, command, ...parameters);
  }

  /** Starts a program on this machine; the process is the program itself. */
  start(program: string, parameters: readonly string[], options: ProgramOptions = {}): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.namespace, program, ...parameters], {
      stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      ...(options.environment === undefined ? {} : { env: options.environment }),
    });
  }

  /** GET from this machine. @returns the body */
  fetch(url: string): Promise<string> {
    const script = 'fetch(process.argv[1]).then(async (answer) => process.stdout.write(await answer.text()))';
    return this.run(process.execPath, '--eval', script, url);
  }

  /** The MAC that this machine has for an address, or undefined. */
  async neighbour(address: string): Promise<string | undefined> {
    const line = await this.ip('neighbour', 'show', 'to', address, 'dev', this.interface);
    return /lladdr ([\da-f:]+)/.exec(line)?.[1];
  }

  /** Whether the interface carries an address. */
  async carries(address: string, name = this.interface): Promise<boolean> {
    return (await this.ip('address', 'show', 'dev', name)).includes(` ${address}/`);
  }

  /** Its processes, by id. */
  async pids(): Promise<number[]> {
    const list = await run('ip', 'netns', 'pids', this.namespace);
    return list.split('\n').map(Number).filter(Boolean);
  }

  /** SIGSTOP to all of its processes: those that were started meanwhile as well. */
  async freeze(): Promise<void> {
    const stopped = new Set<number>();
    for (let grew = true; grew;) {
      const fresh = (await this.pids()).filter((pid) => !stopped.has(pid));
      for (const pid of fresh) {
        signal(pid, 'SIGSTOP');
        stopped.add(pid);
      }
      grew = fresh.length > 0;
    }
  }

  async thaw(): Promise<void> {
    for (const pid of await this.pids()) signal(pid, 'SIGCONT');
  }

  async killAll(): Promise<void> {
    for (let pids = await this.pids(); pids.length > 0; pids = await this.pids()) {
      for (const pid of pids) signal(pid, 'SIGKILL');
    }
  }

  /** A signal to the processes whose command line matches. @returns their ids */
  async signal(pattern: RegExp, name: NodeJS.Signals): Promise<number[]> {
    const hit: number[] = [];
    for (const pid of await this.pids()) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (!pattern.test(line.replaceAll('\0', ' '))) continue;
      signal(pid, name);
      hit.push(pid);
    }
    return hit;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

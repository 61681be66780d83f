import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { findCommand } from '../../support/packages.ts';
import type { Host } from './host.ts';

const PORT = 6379;

/** A real Redis on a machine of the lab; what it holds survives its end, as operators would have it. */
export class RedisHost {
  readonly host: Host;
  readonly #folder: string;
  #server: ChildProcess | undefined;

  constructor(host: Host, folder: string) {
    this.host = host;
    this.#folder = folder;
  }

  get url(): string {
    return `redis://${this.host.address}:${PORT}`;
  }

  /** Also after `kill`. @throws Error where redis-server is not installed */
  async start(): Promise<void> {
    const program = findCommand('redis-server');
    if (program === undefined) throw new Error('redis-server is not installed');
    await mkdir(this.#folder, { recursive: true });
    const settings = ['--bind', '0.0.0.0', '--port', String(PORT), '--protected-mode', 'no', '--dir', this.#folder];
    const server = this.host.start(program, [...settings, '--appendonly', 'yes', '--save', '']);
    this.#server = server;
    if (server.stdout === null) throw new Error('no output to read from');
    for (let said = ''; !said.includes('Ready to accept connections');) {
      const [chunk]: unknown[] = await Promise.race([once(server.stdout, 'data'), once(server, 'exit').then(() => [])]);
      if (!Buffer.isBuffer(chunk)) throw new Error(`redis-server ended:\n${said}`);
      said += chunk.toString();
    }
    server.stdout.resume();
    server.stderr?.resume();
  }

  async kill(): Promise<void> {
    if (this.#server === undefined || this.#server.exitCode !== null) return;
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGKILL');
    await ended;
  }
}

import { once } from 'node:events';
import { createServer } from 'node:net';
import { runTool, startTool, type Tool } from './processes.ts';

/** A real redis-server on a port and in a folder of its own. */
export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #settings: readonly string[];
  #tool: Tool | undefined;

  private constructor(port: number, folder: string, settings: readonly string[]) {
    this.port = port;
    this.folder = folder;
    this.#settings = settings;
  }

  /** `settings`: as on the command line, `['--maxmemory', '32mb']`; nothing is persisted unless they say so. */
  static async start(folder: string, settings: readonly string[] = []): Promise<RedisServer> {
    return onFreePort(async (port) => {
      const server = new RedisServer(port, folder, settings);
      await server.start();
      return server;
    });
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Again, after `kill`: same port, same folder. */
  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    this.#tool = startTool('redis-server', [...own, ...this.#settings], this.folder);
    await this.#tool.says(/Ready to accept connections/);
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#tool?.child.kill('SIGKILL');
    await this.#tool?.exited;
  }

  /** SIGSTOP: connections stay, answers do not come. */
  freeze(): void {
    this.#tool?.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#tool?.child.kill('SIGCONT');
  }

  /** One command by redis-cli. @returns what it printed */
  async ask(...command: string[]): Promise<string> {
    const { output } = await runTool('redis-cli', ['-p', String(this.port), ...command], this.folder);
    return output.trim();
  }
}

const ATTEMPTS = 8;

/** Begins something on a port that was free a moment ago, and on another one where somebody else was faster. */
export async function onFreePort<T>(begin: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin(await freePort());
    } catch (error) {
      if (attempt === ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

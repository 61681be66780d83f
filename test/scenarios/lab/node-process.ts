import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CollectorStatus } from '../../../src/console/status.ts';
import type { Host } from './host.ts';

const PROGRAM = fileURLToPath(new URL('../../..', import.meta.url));
const HTTP_PORT = 8080;
/** A reload replaces all processes, on both nodes. */
const COMMAND_MS = 120_000;

/** Dogwatch on a machine of the lab, as a service would run it; it may be started again after whatever ended it. */
export class NodeProcess {
  readonly host: Host;
  readonly folder: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #launcher: string;
  #child: ChildProcess | undefined;

  /**
   * @param settings of the configuration; state directory, name of the node and HTTP port are the lab's
   * @param environment besides ours, such as another clock
   * @param program the folder of the program, where it is another than ours
   */
  constructor(
    host: Host,
    folder: string,
    settings: Readonly<Record<string, unknown>>,
    environment: NodeJS.ProcessEnv = {},
    program = PROGRAM,
  ) {
    this.host = host;
    this.folder = folder;
    this.#settings = settings;
    this.#environment = environment;
    this.#launcher = join(program, 'src/cli/dogwatch.mjs');
  }

  get configFile(): string {
    return join(this.folder, 'dogwatch.yaml');
  }

  /** Standard output and error of all its runs. */
  get logFile(): string {
    return join(this.folder, 'dogwatch.log');
  }

  /** Resolves when all is up. @throws Error with everything that it said, when it ends instead */
  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o711 });
    const own = {
      stateDirectory: join(this.folder, 'state'),
      node: { name: this.host.name },
      http: { port: HTTP_PORT },
    };
    await writeFile(this.configFile, JSON.stringify({ ...own, ...this.#settings }));
    const child = this.host.start(process.execPath, [this.#launcher, 'run', '--json', '--config', this.configFile], {
      folder: this.folder,
      environment: { ...process.env, ...this.#environment },
    });
    this.#child = child;
    const keep = (text: string) => void appendFile(this.logFile, text).catch(() => {}); // the folder may be gone by then
    child.stderr?.on('data', (chunk: Buffer) => keep(chunk.toString()));
    const closed = once(child, 'close');
    if (child.stdout === null) throw new Error('no output to read from');
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => keep(`${line}\n`));
    const [line]: (string | undefined)[] = await Promise.race([once(lines, 'line'), closed.then(() => [])]);
    if (line !== undefined && line.includes('"event":"started"')) return;
    throw new Error(`${this.host.name} did not start: ${line ?? ''}\n${await this.log()}`);
  }

  async log(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch(() => '');
  }

  async status(): Promise<CollectorStatus> {
    const status: CollectorStatus = JSON.parse(await this.host.fetch(`http://127.0.0.1:${HTTP_PORT}/api/status`));
    return status;
  }

  /** A command of Dogwatch's on this machine. @returns what it printed */
  command(...parameters: string[]): Promise<string> {
    return this.host.runWithin(
      COMMAND_MS,
      process.execPath,
      this.#launcher,
      ...parameters,
      '--config',
      this.configFile,
    );
  }

  /** As the service manager ends it. @returns its exit code */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    return child.exitCode;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** SIGKILL to the keeper alone. */
  killKeeper(): void {
    this.#child?.kill('SIGKILL');
  }
}

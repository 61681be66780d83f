import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  access,
  chmod,
  chown,
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { connect, type DatabaseAddress, disconnect, quoteIdentifier, quoteLiteral } from '../database/database.ts';
import { type Account, accountForPostgres, makeOwnDirectory, usablePrograms } from './postgres-account.ts';
import { packagedPostgres } from './postgres-package.ts';
import {
  giveWay,
  removeSocketDirectory,
  socketDirectoryFor,
  stopPostmaster,
  stopLeftover,
} from './postgres-process.ts';
import { postgresSettings } from './postgres-settings.ts';
import { ProcessLock } from '../process-lock.ts';

export interface EmbeddedPostgresOptions {
  /** Everything is kept below `<stateDirectory>/postgresql/18`. */
  readonly stateDirectory: string;
  /** Whom the server runs as when this process is root. Default: dogwatch. */
  readonly accountName?: string;
  /** Also listen here, on 127.0.0.1, with a password (see `passwordFile`). Default: only a Unix socket. */
  readonly tcpPort?: number;
  /** PostgreSQL settings that go before ours, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long the server may take, crash recovery included. Default 300,000. */
  readonly startTimeoutMs?: number;
  /** How long a fast shutdown may take before an immediate one. Default 8,000. */
  readonly stopTimeoutMs?: number;
}

const MAJOR_VERSION = '18';
const ROLE = 'dogwatch';
const DATABASE = 'dogwatch';
const DEFAULT_PORT = 5432;
const RESTART_DELAY_MS = 1000;
const MAX_LOG_BYTES = 16 << 20;

/**
 * A PostgreSQL server of our own, for those who have none. It listens on a Unix socket that only root and its own account
 * can reach, and on the loopback address where that was asked for.
 *
 *   stopped ──start()──▶ running ──the server dies──▶ waiting 1 s ──▶ running
 *                           └──stop()──▶ stopped
 *
 * A server that a killed run of ours left behind is stopped first: there is never more than one on the data.
 */
export class EmbeddedPostgres implements Component {
  readonly name = 'embedded PostgreSQL';
  /** The server's own log. */
  readonly logFile: string;
  /** Holds the password for `tcpPort`, readable for the account and root. */
  readonly passwordFile: string;
  readonly #options: EmbeddedPostgresOptions;
  readonly #log: Log;
  readonly #home: string;
  readonly #data: string;
  readonly #lock: ProcessLock;
  #account: Account | undefined;
  #programs = '';
  #socketDirectory = '';
  #ownsSocketDirectory = false;
  #server: ChildProcess | undefined;
  #restarting: Promise<void> | undefined;
  #stopping = false;

  constructor(options: EmbeddedPostgresOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#home = resolve(options.stateDirectory, 'postgresql', MAJOR_VERSION);
    this.#data = join(this.#home, 'data');
    this.logFile = join(this.#home, 'postgresql.log');
    this.passwordFile = join(this.#home, 'password');
    this.#lock = new ProcessLock(join(this.#home, 'owner'));
  }

  /** How to connect; valid once started. */
  get address(): DatabaseAddress {
    return { host: this.#socketDirectory, port: this.#port, user: ROLE, database: DATABASE };
  }

  /** The same as a connection string, for `psql` and the like. */
  get connectionString(): string {
    return `postgresql://${ROLE}@/${DATABASE}?host=${encodeURIComponent(this.#socketDirectory)}&port=${this.#port}`;
  }

  /**
   * @throws DogwatchError `LOCKED` (another Dogwatch uses the directory), `POSTGRES_UNUSABLE`, `ACCOUNT_MISSING`,
   *   `DIRECTORY_UNREACHABLE`, `POSTGRES_FAILED` (see the server's log)
   */
  async start(): Promise<void> {
    this.#stopping = false;
    const { nativeDirectory, version } = await packagedPostgres();
    this.#account = await accountForPostgres(this.#options.accountName ?? ROLE);
    await this.#makeHome();
    await this.#lock.take();
    this.#programs = await usablePrograms(nativeDirectory, join(this.#home, `programs-${version}`), this.#account);
    this.#socketDirectory = await socketDirectoryFor(this.#home, this.#port, this.#account);
    this.#ownsSocketDirectory = true;
    if (await stopLeftover(this.#data, this.#stopTimeoutMs))
      this.#log.warn({}, 'stopped a left-over postgresql server');
    await this.#initialise();
    await this.#writeHostRules();
    await this.#launch();
    await this.#prepareDatabase();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#stopServer();
    // One that was just being started again notices, or has come up in the meantime.
    await this.#restarting;
    await this.#stopServer();
    // Not without the lock: after a refused start it is that of another process.
    if (this.#ownsSocketDirectory) await removeSocketDirectory(this.#socketDirectory);
    this.#ownsSocketDirectory = false;
    await this.#lock.release();
  }

  async #stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.ref();
    const exited = once(server, 'exit');
    await stopPostmaster(server.pid, this.#stopTimeoutMs);
    await exited;
  }

  /** For a process that must end now: an immediate shutdown (SIGQUIT), of which the next start recovers. */
  abandon(): void {
    this.#stopping = true;
    this.#server?.kill('SIGQUIT');
  }

  get #stopTimeoutMs(): number {
    return this.#options.stopTimeoutMs ?? 8000;
  }

  async #makeHome(): Promise<void> {
    await mkdir(this.#home, { recursive: true });
    if (this.#account === undefined) return;
    // The account must get through to its own, but need not see what else is there.
    for (const directory of ['', 'postgresql', join('postgresql', MAJOR_VERSION)]) {
      await chmod(resolve(this.#options.stateDirectory, directory), 0o711);
    }
    // Our process may give up being root later: it still writes the log and the lock then.
    await chown(this.#home, this.#account.uid, this.#account.gid);
    await (await this.#openLog()).close();
    await chown(this.logFile, this.#account.uid, this.#account.gid);
  }

  async #initialise(): Promise<void> {
    if (await exists(join(this.#data, 'PG_VERSION'))) return;
    const unfinished = `${this.#data}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await makeOwnDirectory(unfinished, this.#account);
    const args = ['-D', unfinished, '-U', ROLE, '--auth=trust', '--encoding=UTF8', '--locale=C'];
    args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions');
    const child = await this.#spawn('initdb', args);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw await this.#failure('initdb failed');
    await rename(unfinished, this.#data);
  }

  async #writeHostRules(): Promise<void> {
    const rules = ['local all all trust'];
    if (this.#options.tcpPort !== undefined) rules.push('host all all 127.0.0.1/32 scram-sha-256');
    await this.#writeOwn(join(this.#home, 'pg_hba.conf'), `${rules.join('\n')}\n`);
  }

  async #launch(): Promise<void> {
    const settings = {
      ...postgresSettings(),
      ...this.#options.settings,
      hba_file: join(this.#home, 'pg_hba.conf'),
      listen_addresses: this.#options.tcpPort === undefined ? '' : '127.0.0.1',
      unix_socket_directories: this.#socketDirectory,
      // PostgreSQL has one port for all its sockets; in the name of the Unix socket it is just a number.
      port: String(this.#port),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = await this.#spawn('postgres', ['-D', this.#data, ...args]);
    this.#server = server;
    if (server.pid !== undefined) giveWay(server.pid);
    await this.#untilReady(server);
    server.unref();
    server.once('exit', (code, signal) => this.#onExit(code, signal));
  }

  get #port(): number {
    return this.#options.tcpPort ?? DEFAULT_PORT;
  }

  async #untilReady(server: ChildProcess): Promise<void> {
    const deadline = performance.now() + (this.#options.startTimeoutMs ?? 300_000);
    for (let reason = ''; ; await sleep(25)) {
      if (server.exitCode !== null || server.signalCode !== null) throw await this.#failure('the server did not start');
      if (performance.now() > deadline) throw await this.#failure(`the server is not ready: ${reason}`);
      try {
        return await disconnect(await connect({ ...this.address, database: 'template1' }));
      } catch (error) {
        reason = messageOf(error);
      }
    }
  }

  async #prepareDatabase(): Promise<void> {
    const client = await connect({ ...this.address, database: 'postgres' });
    try {
      const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${quoteIdentifier(DATABASE)}`);
      if (this.#options.tcpPort !== undefined) {
        const password = await this.#password();
        await client.query(`ALTER ROLE ${quoteIdentifier(ROLE)} PASSWORD ${quoteLiteral(password)}`);
      }
    } finally {
      await disconnect(client);
    }
  }

  async #password(): Promise<string> {
    const known = await readFile(this.passwordFile, 'utf8').catch(() => '');
    if (known.trim() !== '') return known.trim();
    const password = randomBytes(18).toString('base64url');
    await this.#writeOwn(this.passwordFile, `${password}\n`);
    return password;
  }

  #onExit(code: number | null, signal: string | null): void {
    if (this.#stopping) return;
    this.#log.error({ code, signal, log: this.logFile }, 'postgresql ended by itself, starting it again');
    this.#restarting = this.#restart();
  }

  async #restart(): Promise<void> {
    for (let isBack = false; !isBack;) {
      await sleep(RESTART_DELAY_MS);
      if (this.#stopping) return;
      try {
        await this.#launch();
        isBack = true;
        this.#log.info({}, 'postgresql is back');
      } catch (error) {
        this.#log.error({ error: messageOf(error) }, 'postgresql could not be started again');
      }
    }
  }

  /** A program of PostgreSQL, as the account, in a process group of its own: a Ctrl-C at the terminal is not for it. */
  async #spawn(program: string, args: string[]): Promise<ChildProcess> {
    const output = await this.#openLog();
    try {
      const child = spawn(join(this.#programs, program), args, {
        cwd: '/',
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
        // Nothing of our environment may change what the server does (PGDATA, TZ, LC_ALL).
        env: { PATH: '/usr/bin:/bin' },
        ...(this.#account && { uid: this.#account.uid, gid: this.#account.gid }),
      });
      await once(child, 'spawn');
      return child;
    } finally {
      await output.close();
    }
  }

  async #openLog(): Promise<FileHandle> {
    const size = await stat(this.logFile).then(
      (found) => found.size,
      () => 0,
    );
    if (size > MAX_LOG_BYTES) await rename(this.logFile, `${this.logFile}.1`);
    return open(this.logFile, 'a', 0o600);
  }

  async #writeOwn(path: string, content: string): Promise<void> {
    await writeFile(path, content, { mode: 0o600 });
    if (this.#account !== undefined) await chown(path, this.#account.uid, this.#account.gid);
  }

  async #failure(message: string): Promise<DogwatchError> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const last = log.trim().split('\n').slice(-4).join(' | ');
    return new DogwatchError('POSTGRES_FAILED', `embedded PostgreSQL: ${message}: ${last}`, {
      remedy: `Read ${this.logFile}.`,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { migrate, readMigrations } from '../../../storage/database/migrations.ts';
import { type Account, accountForPostgres, usablePrograms } from '../../../storage/embedded/postgres-account.ts';
import { packagedPostgres } from '../../../storage/embedded/postgres-package.ts';
import { eventually } from '../../support/processes.ts';
import type { Host } from './host.ts';

const PORT = 5432;
const ROLE = 'dogwatch';
const ACCOUNT = 'dogwatch';
const SETTINGS = ['fsync=off', 'shared_buffers=64MB', 'max_connections=80', 'timezone=UTC', 'autovacuum=off'];

/** A real PostgreSQL on a machine of the lab, with the whole schema. The tests reach it by its Unix socket, which no cut concerns. */
export class DatabaseHost {
  readonly host: Host;
  readonly #folder: string;
  /** Of the server's processes, such as another clock; from the next start on. */
  environment: NodeJS.ProcessEnv = {};
  #account: Account | undefined;
  #programs = '';
  #server: ChildProcess | undefined;

  constructor(host: Host, folder: string) {
    this.host = host;
    this.#folder = folder;
  }

  /** As the nodes know it. */
  get url(): string {
    return `postgresql://${ROLE}@${this.host.address}:${PORT}/${ROLE}`;
  }

  /** As the tests know it. */
  get address(): DatabaseAddress {
    return { host: this.#folder, port: PORT, user: ROLE, database: ROLE };
  }

  /** Makes the cluster, starts the server and gives it the schema. */
  async create(): Promise<void> {
    const { nativeDirectory } = await packagedPostgres();
    this.#account = await accountForPostgres(ACCOUNT);
    await mkdir(this.#folder, { recursive: true });
    if (this.#account !== undefined) await chown(this.#folder, this.#account.uid, this.#account.gid);
    this.#programs = await usablePrograms(nativeDirectory, join(this.#folder, 'programs'), this.#account);
    const options = ['-D', this.#data, '-U', ROLE, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
    await this.host.run('setpriv', ...this.#asAccount, join(this.#programs, 'initdb'), ...options);
    const rules = `host all all ${this.host.address}/24 trust\nhost all all ${this.host.address6}/64 trust\n`;
    await appendFile(join(this.#data, 'pg_hba.conf'), rules);
    await this.start();
    await withClient({ ...this.address, database: 'postgres' }, (client) => client.query(`CREATE DATABASE ${ROLE}`));
    const migrations = await readMigrations();
    await withClient(this.address, (client) => migrate(client, migrations));
  }

  /** Also after `stop` or a power cut. Resolves when it answers. */
  async start(): Promise<void> {
    const settings = [...SETTINGS, 'listen_addresses=*', `port=${PORT}`, `unix_socket_directories=${this.#folder}`];
    const parameters = ['-D', this.#data, ...settings.flatMap((each) => ['-c', each])];
    const program = join(this.#programs, 'postgres');
    // For the server alone: what a preloaded library makes as root in `setpriv`, it may not open any more afterwards.
    const own = ['env', ...Object.entries(this.environment).map(([name, value]) => `${name}=${value ?? ''}`)];
    const server = this.host.start('setpriv', [...this.#asAccount, ...own, program, ...parameters], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#server = server;
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-10_000)));
    await eventually('the database answers', async () => {
      if (server.exitCode !== null) throw new Error(`the database ended:\n${said}`);
      return connect({ ...this.address, database: 'postgres' }).then(
        (client) => disconnect(client).then(() => true),
        () => false,
      );
    });
  }

  /** `fast`: connections are closed in order; `immediate`: as in a crash. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** Rows of one statement, asked past any fault of the network. */
  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await withClient(this.address, (client) => client.query<Row>(sql, [...values]));
    return rows;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  get #asAccount(): string[] {
    if (this.#account === undefined) return [];
    const { uid, gid } = this.#account;
    return ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  }
}

async function withClient<T>(address: DatabaseAddress, step: (client: DatabaseClient) => Promise<T>): Promise<T> {
  const client = await connect(address);
  try {
    return await step(client);
  } finally {
    await disconnect(client);
  }
}

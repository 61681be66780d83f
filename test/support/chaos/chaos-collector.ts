import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { silentLog } from '../../../src/runtime/log.ts';
import type { CollectorStatus } from '../../../src/console/status.ts';
import { EmbeddedPostgres } from '../../../storage/embedded/embedded-postgres.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { CollectorProcess } from '../collector-process.ts';
import { temporaryDirectory } from '../postgres.ts';
import { credentialsFile, writeCredentials } from '../snmp-collector.ts';
import { type FolderOnDisk, journalFoldersOnDisk } from './journal-folders.ts';
import type { LoadPorts } from './load-record.ts';

const NO_PORTS: LoadPorts = { flow: 0, syslog: 0, relp: 0, snmp: 0 };

/**
 * The whole collector, with every family, and a PostgreSQL that may be killed: the server comes back by itself, the keeper is
 * started again by the test, as systemd would.
 */
export class ChaosCollector {
  readonly postgres: EmbeddedPostgres;
  readonly folder: string;
  process: CollectorProcess;
  ports: LoadPorts = NO_PORTS;
  readonly #databaseFolder: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  #said = '';

  private constructor(
    folders: { readonly own: string; readonly database: string },
    postgres: EmbeddedPostgres,
    process: CollectorProcess,
    settings: Readonly<Record<string, unknown>>,
  ) {
    this.folder = folders.own;
    this.#databaseFolder = folders.database;
    this.postgres = postgres;
    this.process = process;
    this.#settings = settings;
  }

  static async start(settings: Readonly<Record<string, unknown>> = {}): Promise<ChaosCollector> {
    const folders = { own: await temporaryDirectory(), database: await temporaryDirectory() };
    const postgres = new EmbeddedPostgres({ stateDirectory: folders.database, settings: { fsync: 'off' } }, silentLog);
    await postgres.start();
    await writeCredentials(folders.own, { communities: { chaos: 'public' } });
    try {
      const process = await startProcess(folders.own, postgres, NO_PORTS, settings);
      const collector = new ChaosCollector(folders, postgres, process, settings);
      collector.ports = portsOf(await process.status());
      return collector;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  /** When keepers that have ended killed a worker, by their own word. Milliseconds since 1970. */
  get workersKilledByKeepers(): number[] {
    const lines = this.#said.split('\n').filter((line) => line.includes('"process":"worker '));
    return lines.flatMap((line) => {
      const { time, reason = '' }: { time: string; reason?: string } = JSON.parse(line);
      return /^(no sign of life|it does not read|not ready)/.test(reason) ? [Date.parse(time)] : [];
    });
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    await this.process.stop();
    this.#said += this.process.output;
  }

  /** Starts `dogwatch run` again, on the same ports. @param settings that differ from now on */
  async startAgain(settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#said += this.process.output;
    this.process = await startProcess(this.folder, this.postgres, this.ports, { ...this.#settings, ...settings });
  }

  /** Undefined while nobody answers. */
  async status(): Promise<CollectorStatus | undefined> {
    return this.process.status().catch(() => undefined);
  }

  /** Where batches wait on the disk, whoever has the folder. */
  journalFolders(): Promise<FolderOnDisk[]> {
    return journalFoldersOnDisk(join(this.folder, 'journal'));
  }

  /**
   * Whether nothing waits for the database any more. A worker that is only starting tells nothing of what it has, so all have to run;
   * and what nobody has yet, since a worker went to another folder, is in no worker's count.
   */
  async isDrained(): Promise<boolean> {
    const status = await this.status();
    const workers = status?.processes.filter(({ name }) => /^worker \d+$/.test(name)) ?? [];
    const pids = new Set(workers.map(({ pid }) => pid));
    if (status?.journal.rows !== 0 || workers.some(({ state }) => state !== 'running')) return false;
    return (await this.journalFolders()).every(
      ({ ownerPid, files }) => files.length === 0 || (ownerPid !== undefined && pids.has(ownerPid)),
    );
  }

  async postmasterPid(): Promise<number | undefined> {
    const file = join(this.#databaseFolder, 'postgresql/18/data/postmaster.pid');
    const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
    return pid > 0 ? pid : undefined;
  }

  /** Server processes that write for the collector just now; none while the server is away. */
  async backendPids(): Promise<number[]> {
    try {
      const client = await connect(this.postgres.address);
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      await disconnect(client);
      return rows.map(({ pid }) => pid);
    } catch {
      return [];
    }
  }

  async end(): Promise<void> {
    await this.process.kill();
    await this.postgres.stop();
  }
}

function portsOf({ listeners }: CollectorStatus): LoadPorts {
  const port = (family: string, transport: string): number => {
    const found = listeners.find((each) => each.family === family && each.transport === transport);
    if (found === undefined) throw new Error(`no listener for ${family} over ${transport}`);
    return found.port;
  };
  return {
    flow: port('flow', 'udp'),
    syslog: port('syslog', 'udp'),
    relp: port('syslog', 'relp'),
    snmp: port('snmp', 'udp'),
  };
}

function startProcess(
  folder: string,
  { connectionString }: EmbeddedPostgres,
  ports: LoadPorts,
  settings: Readonly<Record<string, unknown>>,
): Promise<CollectorProcess> {
  const on = { address: '127.0.0.1' };
  return CollectorProcess.start({
    folder,
    databaseUrl: connectionString,
    settings: {
      workers: 2,
      snmp: { credentialsFile: credentialsFile(folder) },
      // Small batches and segments, so that an end can fall on any step of their life.
      batch: { rows: 500, age: '20ms' },
      journal: { segmentBytes: '4MiB', sync: '10ms' },
      ...settings,
      listeners: [
        { ...on, family: 'flow', port: ports.flow },
        { ...on, family: 'syslog', transport: 'udp', port: ports.syslog },
        { ...on, family: 'syslog', transport: 'relp', port: ports.relp },
        { ...on, family: 'snmp', port: ports.snmp },
      ],
    },
  });
}

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CollectorStatus } from '../../src/console/status.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { CollectorProcess } from '../../test/support/collector-process.ts';
import { type SendOrder, type Sent, Sender } from './sender.ts';

const QUIET_MS = 1000;
const DRAIN_LIMIT_MS = 120_000;

/** What became of the records of one order. */
export interface Passage {
  readonly sent: Sent;
  /** `count(*)`, or the sum of the ledger. */
  readonly stored: number;
  readonly kernelDrops: number;
  /** From the last datagram until nothing was left to write, seconds. */
  readonly drainSeconds: number;
  /** Processor time of the collector, seconds. */
  readonly collectorCpuSeconds: number;
}

/** What is sent, and where it ends up. */
export interface BenchSubject {
  /** Where a record is a row. */
  readonly table: string;
  /** The process that sends, see `Sender`. */
  readonly sender: string;
  /** What that process is called with. */
  readonly senderParameters?: readonly string[];
  /** More of the collector's configuration; its first listener is sent to. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

const FLOWS: BenchSubject = { table: 'flows', sender: 'sender-process.ts' };

/** A collector as it is run in earnest, the embedded PostgreSQL with its own settings, and a sender: all on this machine. */
export class BenchNode {
  client: DatabaseClient;
  readonly collector: CollectorProcess;
  /** A folder for this run's files. */
  readonly folder: string;
  readonly #sender: Sender;
  readonly #subject: BenchSubject;
  readonly #postgres: EmbeddedPostgres;

  private constructor(
    subject: BenchSubject,
    folder: string,
    postgres: EmbeddedPostgres,
    client: DatabaseClient,
    collector: CollectorProcess,
  ) {
    this.#subject = subject;
    this.#sender = new Sender(subject.sender, subject.senderParameters);
    this.folder = folder;
    this.#postgres = postgres;
    this.client = client;
    this.collector = collector;
  }

  static async start(subject: BenchSubject = FLOWS): Promise<BenchNode> {
    const folder = await mkdtemp(join(tmpdir(), 'dw-bench-'));
    await chmod(folder, 0o711); // PostgreSQL's account passes through it
    const postgres = new EmbeddedPostgres({ stateDirectory: folder }, silentLog);
    await postgres.start();
    const { user, database, host = '', port } = postgres.address;
    const databaseUrl = `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
    const { settings = {} } = subject;
    const collector = await CollectorProcess.start({ folder, databaseUrl, settings });
    return new BenchNode(subject, folder, postgres, await connect(postgres.address), collector);
  }

  async stop(): Promise<void> {
    this.#sender.close();
    await this.collector.stop();
    await disconnect(this.client);
    await this.#postgres.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Does `meanwhile` while the database is stopped; resolves when it answers again. */
  async withoutDatabase(meanwhile: () => Promise<unknown>): Promise<void> {
    await disconnect(this.client);
    await this.#postgres.stop();
    await meanwhile();
    await this.#postgres.start();
    this.client = await connect(this.#postgres.address);
  }

  /** Waits until nothing is left to write. */
  async untilDrained(): Promise<void> {
    await this.#drained();
  }

  /** For programs that connect by themselves. */
  get address(): DatabaseAddress {
    return this.#postgres.address;
  }

  /** Sends, to whatever port. */
  send(order: SendOrder): Promise<Sent> {
    return this.#sender.send(order);
  }

  /** So that the next `pass` of the same rate begins at once. */
  prepare(recordsPerSecond: number, seconds: number): Promise<void> {
    return this.#sender.prepare({ port: this.collector.flowPort, recordsPerSecond, seconds });
  }

  /** One more connection; the caller closes it. */
  connect(): Promise<DatabaseClient> {
    return connect(this.#postgres.address);
  }

  /** Leaves tables as after the start: empty, and with no work put off for later. */
  async clear(): Promise<void> {
    await this.client.query(`TRUNCATE ${this.#subject.table}, batches`);
    await this.client.query('CHECKPOINT');
  }

  /** Sends to the empty table and waits until all is written. */
  async pass(recordsPerSecond: number, seconds: number): Promise<Passage> {
    const before = await this.collector.status();
    const cpuBefore = await this.collector.cpuSeconds();
    const sent = await this.send({ port: this.collector.flowPort, recordsPerSecond, seconds });
    const sentAt = performance.now();
    const { status, atMs } = await this.#drained();
    return {
      sent,
      stored: await this.#countLedger(),
      kernelDrops: dropsOf(status) - dropsOf(before),
      drainSeconds: Math.max(0, atMs - sentAt) / 1000,
      collectorCpuSeconds: (await this.collector.cpuSeconds()) - cpuBefore,
    };
  }

  async countRows(): Promise<number> {
    const { rows } = await this.client.query<{ count: string }>(`SELECT count(*) FROM ${this.#subject.table}`);
    return Number(rows[0]?.count);
  }

  async #countLedger(): Promise<number> {
    const { rows } = await this.client.query<{ sum: string | null }>(
      'SELECT sum(rows) FROM batches WHERE table_name = $1',
      [this.#subject.table],
    );
    return Number(rows[0]?.sum ?? 0);
  }

  /** Since when the writer has had nothing more to do. */
  async #drained(): Promise<{ status: CollectorStatus; atMs: number }> {
    const limit = performance.now() + DRAIN_LIMIT_MS;
    let last = await this.collector.status();
    let atMs = performance.now();
    while (performance.now() < atMs + QUIET_MS && performance.now() < limit) {
      await pause(50);
      const status = await this.collector.status();
      const moved = status.writer.rows !== last.writer.rows || status.flow.rows !== last.flow.rows;
      if (moved || status.journal.rows > 0) atMs = performance.now();
      last = status;
    }
    return { status: last, atMs };
  }
}

function dropsOf(status: CollectorStatus): number {
  return status.listeners.reduce((sum, each) => sum + ('kernelDrops' in each ? each.kernelDrops : 0), 0);
}

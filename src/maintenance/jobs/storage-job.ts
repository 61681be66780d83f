import { statfs } from 'node:fs/promises';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { partitionedTables } from '../../../storage/database/partitions.ts';
import { applyRetention, LARGE_TABLES, type RetentionOptions } from '../../../storage/database/retention.ts';
import {
  type DiskRoom,
  forecastStorage,
  limitName,
  type ForecastRules,
  type StorageForecast,
} from '../../../storage/database/space/forecast.ts';
import { sizedPartitions } from '../../../storage/database/space/partition-sizes.ts';
import type { StorageStatus } from '../../console/status/storage-status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Job } from '../job.ts';

export interface StorageJobOptions extends RetentionOptions {
  /** Where the database keeps its files, on this machine; undefined where it is elsewhere. */
  readonly dataDirectory?: string;
}

const EVERY_MS = 10 * 60_000;
/** What was at 80 % is at ease again below this, so that one line tells of it and not ten. */
const AT_EASE_PART = 0.75;

/**
 * Makes partitions ahead of need, drops what is over age or size, and looks at what is left: how fast it grows, and when it will have
 * no room.
 */
export class StorageJob implements Job {
  readonly name = 'storage';
  readonly everyMs = EVERY_MS;
  readonly #address: DatabaseAddress;
  readonly #options: StorageJobOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #alarmed = new Set<string>();
  #doClocksDiffer = false;
  #dropped = { partitionsOverAge: 0, partitionsOverSize: 0, bytesOverSize: 0 };
  #status: StorageStatus | undefined;

  constructor(address: DatabaseAddress, options: StorageJobOptions, clock: Clock, log: Log) {
    this.#address = { ...address, applicationName: 'dogwatch storage' };
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /** As of the last run here; undefined before it. */
  get status(): StorageStatus | undefined {
    return this.#status;
  }

  /** @throws what the database says */
  async run(signal: AbortSignal): Promise<void> {
    const client = await connect(this.#address);
    const abandon = (): void => void disconnect(client);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await this.#retain(client);
      const forecast = await this.#look(client);
      this.#tellAlarms(forecast);
      const at = new Date(this.#clock.nowMicros() / 1000).toISOString();
      this.#status = { at, ...forecast, dropped: this.#dropped };
    } finally {
      signal.removeEventListener('abort', abandon);
      await disconnect(client);
    }
  }

  async #retain(client: DatabaseClient): Promise<void> {
    const report = await applyRetention(client, this.#options, this.#clock);
    const { droppedPartitions, droppedForSize, expiredBatches, expiredRejectedRows } = report;
    if (droppedPartitions.length > 0)
      this.#log.info({ droppedPartitions, expiredBatches, expiredRejectedRows }, 'dropped what was over age');
    for (const dropped of droppedForSize) this.#log.warn({ ...dropped }, 'dropped a partition for its size');
    this.#dropped = {
      partitionsOverAge: this.#dropped.partitionsOverAge + droppedPartitions.length,
      partitionsOverSize: this.#dropped.partitionsOverSize + droppedForSize.length,
      bytesOverSize: this.#dropped.bytesOverSize + droppedForSize.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    this.#tellOfClocks(report.clockAheadMs);
  }

  async #look(client: DatabaseClient): Promise<StorageForecast> {
    const tables = (await partitionedTables(client)).filter((table) => LARGE_TABLES.includes(table));
    const sized = new Map<string, Awaited<ReturnType<typeof sizedPartitions>>>();
    for (const table of tables) sized.set(table, await sizedPartitions(client, table));
    const { rows } = await client.query<{ micros: string | null }>(
      'SELECT trunc(extract(epoch FROM min(applied_at)) * 1000000) AS micros FROM schema_migrations',
    );
    const times = { now: this.#clock.nowMicros(), since: Number(rows[0]?.micros ?? 0) };
    return forecastStorage(sized, this.#rules(tables), await this.#disk(), times);
  }

  #rules(tables: readonly string[]): ForecastRules {
    const { keepDays, keepDaysOf, maxBytes } = this.#options;
    const days = tables.map((table) => [table, keepDaysOf?.[table] ?? keepDays] as const);
    return { keepDays: Object.fromEntries(days), maxBytes: maxBytes ?? { tables: {} } };
  }

  /** What is free for who is not root: the database is not. */
  async #disk(): Promise<DiskRoom | undefined> {
    if (this.#options.dataDirectory === undefined) return undefined;
    try {
      const { bsize, blocks, bfree, bavail } = await statfs(this.#options.dataDirectory);
      return { totalBytes: (blocks - bfree + bavail) * bsize, freeBytes: bavail * bsize };
    } catch {
      // Out of our reach since root was given up: then nothing is said of it.
      return undefined;
    }
  }

  #tellAlarms({ alarms, tables, total, disk }: StorageForecast): void {
    for (const { what, part } of alarms) {
      if (this.#alarmed.has(what)) continue;
      this.#alarmed.add(what);
      const remedy = 'Keep rows for a shorter time (retention), or give them more room.';
      this.#log.warn({ what, percent: Math.floor(part * 100), remedy }, 'room for rows runs short');
    }
    const parts = new Map<string, number>();
    for (const { name, bytes, maxBytes } of [...tables, total])
      if (maxBytes !== undefined) parts.set(limitName(name), bytes / maxBytes);
    if (disk !== undefined) parts.set('the disk', 1 - disk.freeBytes / disk.totalBytes);
    for (const what of this.#alarmed) {
      if ((parts.get(what) ?? 0) >= AT_EASE_PART) continue;
      this.#alarmed.delete(what);
      this.#log.info({ what }, 'there is room for rows again');
    }
  }

  #tellOfClocks(aheadMs: number | undefined): void {
    const differ = aheadMs !== undefined;
    if (differ && !this.#doClocksDiffer) {
      const remedy = 'Let both machines follow the same time servers.';
      this.#log.error({ aheadMs, remedy }, 'our clock is not that of the database: nothing is dropped for its age');
    } else if (!differ && this.#doClocksDiffer) {
      this.#log.info({}, 'our clock is that of the database again');
    }
    this.#doClocksDiffer = differ;
  }
}

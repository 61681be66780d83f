import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYSLOG_MESSAGES } from '../collectors/syslog/tables.ts';
import { LINE_COLUMNS, logColumns } from '../src/query/logs/log-columns.ts';
import { searchLogs } from '../src/query/logs/search-logs.ts';
import type { TimeRange } from '../src/query/time-range.ts';
import { silentLog } from '../src/runtime/log.ts';
import { copyRows } from '../storage/database/copy.ts';
import { connect, type DatabaseClient, disconnect } from '../storage/database/database.ts';
import { migrate, readMigrations } from '../storage/database/migrations.ts';
import { coverTimes } from '../storage/database/partitions.ts';
import { buildIndex, findTrigrams, searchPartitions } from '../storage/database/text-search/build-index.ts';
import { planIndexes } from '../storage/database/text-search/search-indexes.ts';
import { EmbeddedPostgres } from '../storage/embedded/embedded-postgres.ts';
import { LogRows, RARE_TEXT } from './support/log-rows.ts';
import type { BenchmarkReport } from './support/report.ts';
import { count } from './support/statistics.ts';

const HOUR_MICROS = 3_600_000_000;
const HOURS = 24;
const CHUNK_ROWS = 12_000;
const INGEST_ROWS = 120_000;
const INGEST_LIMIT_MS = 10_000;
const TARGET_ROWS_PER_SECOND = 100_000;
const TARGET_MS = 1000;
const COLUMNS = SYSLOG_MESSAGES.columns.map(({ name }) => name).join(', ');

/** What messages could carry while they come in, `T` being the table. */
const INGEST_VARIANTS: readonly (readonly [string, string])[] = [
  ['times (BRIN) alone: as it is done', ''],
  ['and B-tree of times', 'CREATE INDEX ON T (received_at)'],
  ['and B-tree of device', 'CREATE INDEX ON T (device)'],
  ['and B-tree of device and time', 'CREATE INDEX ON T (device, received_at)'],
  [
    'and B-trees of device, app, mnemonic, severity',
    'CREATE INDEX ON T (device); CREATE INDEX ON T (app_name); CREATE INDEX ON T (mnemonic); CREATE INDEX ON T (severity)',
  ],
  ['and trigrams, fastupdate on', 'CREATE INDEX ON T USING gin (message gin_trgm_ops)'],
  ['and trigrams, fastupdate off', 'CREATE INDEX ON T USING gin (message gin_trgm_ops) WITH (fastupdate = off)'],
];

/** What is asked, of the whole day unless a fraction of it is named. All but the last are selective. */
const QUESTIONS: readonly { title: string; filters: Readonly<Record<string, string>>; minutes?: number }[] = [
  { title: `text, rare`, filters: { match: RARE_TEXT.slice(8, 30) } },
  { title: 'word, rare', filters: { word: 'removed' } },
  { title: 'text, an address', filters: { match: '10.7.33.201' } },
  { title: 'device', filters: { device: '10.20.0.77' } },
  { title: 'device, 10 minutes', filters: { device: '10.20.0.77' }, minutes: 10 },
  { title: 'device and text', filters: { device: '10.20.0.77', match: 'dstport=22 ' } },
  { title: 'mnemonic', filters: { mnemonic: 'DENIED-1-*' } },
  { title: 'severity emerg', filters: { severity: 'emerg' } },
  { title: 'severity err and worse', filters: { severity: 'err+' } },
  { title: 'facility', filters: { facility: 'local3' } },
  { title: 'text, frequent', filters: { match: 'authentication' } },
];

interface Timing {
  readonly title: string;
  /** Of the newest hundred, and of all up to 10,000; milliseconds, and rows found. */
  readonly newestMs: number;
  readonly allMs: number;
  readonly found: number;
}

/** Ingest with each index, the cost of building them afterwards, and how long questions take before and after. */
export async function benchmarkLogSearch({ rows }: { rows: number }): Promise<BenchmarkReport> {
  const directory = await mkdtemp(join(tmpdir(), 'dw-bench-'));
  await chmod(directory, 0o711);
  const server = new EmbeddedPostgres({ stateDirectory: directory }, silentLog);
  try {
    await server.start();
    const client = await connect(server.address);
    await migrate(client, await readMigrations());
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_trgm; SET max_parallel_maintenance_workers = 0');
    await client.query(`SET maintenance_work_mem = '128MB'`);
    const ingest = await measureIngest(client);
    const day = await fillDay(client, rows);
    const before = await measureQuestions(client, day);
    const builds = await measureBuilds(client, rows);
    const after = await measureQuestions(client, day);
    await disconnect(client);
    return report(rows, { ingest, before, builds, after });
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureIngest(client: DatabaseClient): Promise<{ title: string; perSecond: number }[]> {
  const maker = new LogRows(1, CHUNK_ROWS);
  const now = Date.now() * 1000;
  const chunks = Array.from({ length: INGEST_ROWS / CHUNK_ROWS }, (_, index) =>
    Buffer.from(maker.make(CHUNK_ROWS, now + index * 1e6, now + (index + 1) * 1e6)),
  );
  const measured = [];
  for (const [title, sql] of INGEST_VARIANTS) {
    await client.query('DROP TABLE IF EXISTS trial; CREATE TABLE trial (LIKE syslog_messages INCLUDING ALL)');
    if (sql !== '') await client.query(sql.replaceAll(' ON T', ' ON trial'));
    await client.query('CHECKPOINT');
    const startedMs = performance.now();
    let done = 0;
    for (const chunk of chunks) {
      await copyRows(client, `COPY trial (${COLUMNS}) FROM STDIN (FORMAT binary)`, chunk);
      done += CHUNK_ROWS;
      if (performance.now() - startedMs > INGEST_LIMIT_MS) break;
    }
    measured.push({ title, perSecond: (done * 1000) / (performance.now() - startedMs) });
  }
  await client.query('DROP TABLE trial');
  return measured;
}

/** The 24 hours up to the end of this one, evenly filled. */
async function fillDay(client: DatabaseClient, rows: number): Promise<TimeRange> {
  const end = Math.ceil((Date.now() * 1000) / HOUR_MICROS) * HOUR_MICROS;
  const start = end - HOURS * HOUR_MICROS;
  const hours = Array.from({ length: HOURS }, (_, hour) => start + hour * HOUR_MICROS);
  await coverTimes(client, 'syslog_messages', hours, 'hour');
  const maker = new LogRows(2, CHUNK_ROWS);
  for (const hour of hours) {
    const perHour = Math.floor(rows / HOURS);
    for (let done = 0; done < perHour; done += CHUNK_ROWS) {
      const chunk = Math.min(CHUNK_ROWS, perHour - done);
      const timeOf = (row: number) => hour + Math.floor((HOUR_MICROS * row) / perHour);
      const body = maker.make(chunk, timeOf(done), timeOf(done + chunk));
      await copyRows(client, `COPY syslog_messages (${COLUMNS}) FROM STDIN (FORMAT binary)`, body);
    }
  }
  await client.query('VACUUM (ANALYZE) syslog_messages');
  return { from: new Date(start / 1000), to: new Date(end / 1000) };
}

/** All hours but the newest get their indexes, as upkeep would build them. */
async function measureBuilds(
  client: DatabaseClient,
  rows: number,
): Promise<{ index: string; seconds: number; bytesPerRow: number }[]> {
  const partitions = (await searchPartitions(client, 'syslog_messages')).toSorted((a, b) => a.upper - b.upper);
  const trigrams = await findTrigrams(client, false);
  const { tasks } = planIndexes(partitions.slice(0, -1), { trigrams, maxTrigramBytes: Infinity });
  const sums = new Map<string, { seconds: number; bytes: number }>();
  for (const task of tasks) {
    const startedMs = performance.now();
    await buildIndex(client, task);
    const seconds = (performance.now() - startedMs) / 1000;
    const size = await client.query<{ bytes: string }>(`SELECT pg_relation_size('${task.index}') AS bytes`);
    const index = task.index.slice(task.partition.length + 1);
    const sum = sums.get(index) ?? { seconds: 0, bytes: 0 };
    sums.set(index, { seconds: sum.seconds + seconds, bytes: sum.bytes + Number(size.rows[0]?.bytes) });
  }
  const indexedRows = (rows * (HOURS - 1)) / HOURS;
  return Array.from(sums, ([index, { seconds, bytes }]) => ({ index, seconds, bytesPerRow: bytes / indexedRows }));
}

async function measureQuestions(client: DatabaseClient, day: TimeRange): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (const { title, filters, minutes } of QUESTIONS) {
    // In the middle of an hour that is over.
    const from = minutes === undefined ? day.from : new Date(day.from.getTime() + 11.4 * 3_600_000);
    const range = { from, to: minutes === undefined ? day.to : new Date(from.getTime() + minutes * 60_000) };
    const newest = await ask(client, filters, range, 100);
    const all = await ask(client, filters, range, 10_000);
    timings.push({ title, newestMs: newest.ms, allMs: all.ms, found: all.found });
  }
  return timings;
}

async function ask(
  client: DatabaseClient,
  filters: Readonly<Record<string, string>>,
  range: TimeRange,
  limit: number,
): Promise<{ ms: number; found: number }> {
  const asked = new Map(Object.entries(filters).map(([name, words]) => [name, [words]]));
  const search = { range, filters: asked, columns: logColumns(LINE_COLUMNS), order: 'newest', limit } as const;
  const startedMs = performance.now();
  let found = 0;
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  for await (const rows of searchLogs(client, search)) found += rows.length;
  await client.query('COMMIT');
  return { ms: performance.now() - startedMs, found };
}

function report(
  rows: number,
  measured: {
    ingest: Awaited<ReturnType<typeof measureIngest>>;
    before: Timing[];
    builds: Awaited<ReturnType<typeof measureBuilds>>;
    after: Timing[];
  },
): BenchmarkReport {
  const { ingest, before, builds, after } = measured;
  const slow = after.filter(({ newestMs }) => newestMs > TARGET_MS).map(({ title }) => `${title}: more than a second`);
  const perSecond = ingest[0]?.perSecond ?? 0;
  return {
    title: `Searching a day of ${count(rows)} messages`,
    columns: ['', 'found', 'newest 100', 'all', 'without indexes', 'all'],
    rows: after.map(({ title, newestMs, allMs, found }, index) => [
      title,
      found === 10_000 ? '10,000 and more' : String(found),
      ms(newestMs),
      ms(allMs),
      ms(before[index]?.newestMs),
      ms(before[index]?.allMs),
    ]),
    notes: [
      '"All" is at most 10,000. The newest hour has no indexes in either case.',
      ...ingest.map(({ title, perSecond: rate }) => `COPY on one connection, ${title}: ${count(rate)} rows/s.`),
      ...builds.map(
        ({ index, seconds, bytesPerRow }) =>
          `Building ${index}: ${seconds.toFixed(1)} s, ${bytesPerRow.toFixed(1)} bytes a message.`,
      ),
    ],
    measured,
    failures: [
      ...slow,
      ...(perSecond < TARGET_ROWS_PER_SECOND ? [`COPY below ${count(TARGET_ROWS_PER_SECOND)} rows/s`] : []),
    ],
  };
}

function ms(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(0)} ms`;
}

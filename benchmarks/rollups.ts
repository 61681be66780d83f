import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { uuidV7 } from '../storage/batch/uuid.ts';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../storage/database/database.ts';
import { migrate, readMigrations } from '../storage/database/migrations.ts';
import { coverTimes } from '../storage/database/partitions.ts';
import { EmbeddedPostgres } from '../storage/embedded/embedded-postgres.ts';
import { Fold } from '../storage/fold/fold.ts';
import { FlowRollups } from '../storage/rollups/flow-rollups.ts';
import type { BenchmarkReport } from './support/report.ts';

const HOUR = 3_600_000_000;
const TARGET_MICROS = 2;
/** Linux counts processor time in hundredths of a second (USER_HZ). */
const MICROS_A_TICK = 10_000;

/** How the flows of a minute are spread, as SQL over `i` and the conversation `c`. */
const LOADS = {
  // Conversations by Zipf's law with exponent 1 (a logarithm that is spread evenly), 40 interfaces and some 100 AS; datagrams of 24 flows.
  typical: {
    conversation: 'floor(exp(random() * ln(20000.0)))::int8 * 100 + (i / 24 * 37) % 100',
    columns: `100 + (random() * 1400)::int, 1 + (random() * 10)::int, (c / 100) % 40, (c / 4000) % 40, 64500 + c % 50, 64500 + c % 97,
      32768 + (random() * 28000)::int, (ARRAY[443, 443, 443, 80, 53, 22, 123, 8080])[1 + c / 100 % 8], 1000, (ARRAY[6, 6, 6, 17])[1 + c / 300 % 4], (c % 5) * 8,
      '10.0.0.0'::inet + c % 100, '172.16.0.0'::inet + (c * 7919) % 65536, '192.168.0.0'::inet + (c * 104729) % 65536`,
    isTypical: true,
  },
  // Every field of every flow is another one.
  'all different': {
    conversation: 'i::int8',
    columns: `100 + (random() * 1400)::int, 1 + (random() * 10)::int, i, i, i, i, i % 65536, (i * 31) % 65536, 1000, i % 256, i % 256,
      '10.0.0.0'::inet + i % 100, '2001:db8::'::inet + i, '2001:db9::'::inet + i`,
    isTypical: false,
  },
} as const;

interface Measured {
  readonly load: string;
  readonly flows: number;
  readonly databaseMicros: number;
  readonly processMicros: number;
  readonly percentOfCore: number;
  readonly rows: number;
  readonly isExact: boolean;
  readonly isTypical: boolean;
  readonly memoryMiB: number;
}

/** Processor time of PostgreSQL and of the folding process to roll up a minute of flows. @param rate flows a second */
export async function benchmarkRollups({ rate }: { readonly rate: number }): Promise<BenchmarkReport> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'dw-bench-'));
  await chmod(stateDirectory, 0o711);
  const postgres = new EmbeddedPostgres({ stateDirectory, settings: {} }, silentLog);
  try {
    await postgres.start();
    const client = await connect(postgres.address);
    await migrate(client, await readMigrations());
    const measured: Measured[] = [];
    let hoursAgo = 2;
    for (const load of Object.keys(LOADS).filter(isLoad)) {
      measured.push(await measure(client, postgres.address, load, rate * 60, rate, hoursAgo));
      hoursAgo += 1;
    }
    await disconnect(client);
    return reportOf(measured, rate);
  } finally {
    await postgres.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

function isLoad(name: string): name is keyof typeof LOADS {
  return Object.hasOwn(LOADS, name);
}

async function measure(
  client: DatabaseClient,
  address: DatabaseAddress,
  load: keyof typeof LOADS,
  flows: number,
  rate: number,
  hoursAgo: number,
): Promise<Measured> {
  const minute = Math.floor((Date.now() * 1000) / HOUR) * HOUR - hoursAgo * HOUR;
  await fill(client, load, flows, minute);
  const fold = new Fold(address, [new FlowRollups(100, Number.MAX_SAFE_INTEGER, systemClock)], systemClock, silentLog);
  const before = { database: await databaseMicros(client), process: process.cpuUsage() };
  await fold.run(new AbortController().signal);
  const spent = process.cpuUsage(before.process);
  const database = ((await databaseMicros(client)) - before.database) / flows;
  const own = (spent.user + spent.system) / flows;
  const { rows } = await client.query<{ rows: string; exact: boolean }>(
    `SELECT (SELECT count(*) FROM flows_1m WHERE bucket = $1) AS rows,
      (SELECT bool_and(r.flows = f.flows AND r.bytes = f.bytes AND r.packets = f.packets) FROM
        (SELECT dimension, sum(flows) AS flows, sum(scaled_bytes) AS bytes, sum(scaled_packets) AS packets FROM flows_1h WHERE bucket = $1 GROUP BY 1) r,
        (SELECT count(*) AS flows, sum(scaled_bytes) AS bytes, sum(scaled_packets) AS packets FROM flows_scaled
         WHERE received_at >= $1 AND received_at < $1::timestamptz + interval '1 minute') f) AS exact`,
    [new Date(minute / 1000)],
  );
  process.stderr.write(
    `${load}: ${flows} flows, PostgreSQL ${database.toFixed(2)} µs each, this process ${own.toFixed(2)} µs each\n`,
  );
  return {
    load,
    flows,
    databaseMicros: database,
    processMicros: own,
    percentOfCore: ((database + own) * rate) / 10_000,
    rows: Number(rows[0]?.rows),
    isExact: rows[0]?.exact === true,
    isTypical: LOADS[load].isTypical,
    memoryMiB: process.memoryUsage().rss / 2 ** 20,
  };
}

async function fill(client: DatabaseClient, load: keyof typeof LOADS, flows: number, minute: number): Promise<void> {
  const { conversation, columns } = LOADS[load];
  await coverTimes(client, 'flows', [minute], 'hour');
  await client.query(
    `INSERT INTO flows (received_at, extra, bytes, packets, in_if, out_if, src_as, dst_as, src_port, dst_port, sampling_rate, protocol, tos,
       exporter, src_addr, dst_addr)
     SELECT $1::timestamptz + make_interval(secs => i * 59.9 / $2), CASE WHEN i % 2 = 0 THEN '{"flowEndReason": 3}'::jsonb END, ${columns}
     FROM (SELECT i, ${conversation} AS c FROM generate_series(0, $2::int - 1) AS i) AS made`,
    [new Date(minute / 1000), flows],
  );
  await client.query(
    `INSERT INTO batches (id, table_name, rows, node, earliest, latest)
     VALUES ($1, 'flows', $2, 'a', $3, $3::timestamptz + interval '59 s')`,
    [uuidV7(minute), flows, new Date(minute / 1000)],
  );
  // Hint bits are set by whoever reads rows first, and checkpoints belong to writing: neither is the fold's.
  await client.query('VACUUM ANALYZE flows');
  await client.query('CHECKPOINT');
}

/** Of the whole server: its processes, and those that have ended. */
async function databaseMicros(client: DatabaseClient): Promise<number> {
  const { rows } = await client.query<{ pid: number; own: boolean }>(
    'SELECT pid, pid = pg_backend_pid() AS own FROM pg_stat_activity',
  );
  const own = await statOf(rows.find((row) => row.own)?.pid ?? 0);
  const postmaster = await statOf(own.parent);
  const others = await Promise.all(rows.filter((row) => !row.own).map(({ pid }) => statOf(pid)));
  return (postmaster.ended + postmaster.ticks + others.reduce((sum, { ticks }) => sum + ticks, 0)) * MICROS_A_TICK;
}

/** proc_pid_stat(5): ppid is field 4, utime to cstime are 14 to 17. */
async function statOf(pid: number): Promise<{ parent: number; ticks: number; ended: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') S 0');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const sum = (from: number) => (fields[from] ?? 0) + (fields[from + 1] ?? 0);
  return { parent: fields[1] ?? 0, ticks: sum(11), ended: sum(13) };
}

function reportOf(measured: readonly Measured[], rate: number): BenchmarkReport {
  const failures = measured.flatMap(({ load, isExact, isTypical, databaseMicros: database, processMicros: own }) => [
    ...(isExact ? [] : [`${load}: the sums are not those of the flows`]),
    ...(isTypical && database + own > TARGET_MICROS ? [`${load}: more than ${TARGET_MICROS} µs a flow`] : []),
  ]);
  return {
    title: `Rollups: processor time of a minute at ${rate.toLocaleString('en')} flows/s`,
    columns: [
      'flows',
      'PostgreSQL, µs a flow',
      'process, µs a flow',
      'together',
      '% of a core',
      'rows of flows_1m',
      'process, MiB',
    ],
    rows: measured.map((each) => [
      each.load,
      each.databaseMicros.toFixed(2),
      each.processMicros.toFixed(2),
      (each.databaseMicros + each.processMicros).toFixed(2),
      each.percentOfCore.toFixed(1),
      String(each.rows),
      each.memoryMiB.toFixed(0),
    ]),
    notes: [
      'Every process of PostgreSQL and the one that folds, for 1 minute, 10 minutes and 1 hour. Sums are compared with those of the flows.',
      `Asked: at most ${TARGET_MICROS} µs a flow of typical flows.`,
      '',
    ],
    measured,
    failures,
  };
}

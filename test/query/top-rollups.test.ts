import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { askTop, type TopQuestion } from '../../src/query/top/top.ts';
import { TOP_METRICS } from '../../src/query/top/top-subjects.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { uuidV7 } from '../../storage/batch/uuid.ts';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { coverTimes } from '../../storage/database/partitions.ts';
import { Fold } from '../../storage/fold/fold.ts';
import { FlowRollups, NoRollups } from '../../storage/rollups/flow-rollups.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { startTestDatabase } from '../support/postgres.ts';

const HOUR_MS = 3_600_000;
/** The end of the rows: a while ago, so that hours are over. */
const END = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const HOURS = 4;
const START = END - HOURS * HOUR_MS;
const SUBJECTS = ['talkers', 'conversations', 'applications', 'interfaces', 'exporters'] as const;
const never = new AbortController().signal;

let client: DatabaseClient;
let address: DatabaseAddress;

/** Rows of every kind: unnamed and named applications, NULLs, reverse halves, IPv6, unknown rates; some hosts far larger than others. */
async function addFlows(into: DatabaseClient, from: number, to: number, rows: number): Promise<void> {
  await into.query(
    `INSERT INTO flows (received_at, exporter, bytes, packets, in_if, out_if, protocol, tos, src_as, sampling_rate, src_addr, dst_addr, src_port,
       dst_port, application_id, extra)
     SELECT $1::timestamptz + ($2::timestamptz - $1) * (i::float8 / $3), '192.0.2.0'::inet + i % 3,
       CASE WHEN i % 17 > 0 THEN (1000000 / (1 + (i * 7919) % 97))::int8 END, CASE WHEN i % 19 > 0 THEN 1 + i % 50 END, i % 5, nullif(i % 4, 0),
       (ARRAY[6, 17, 1, NULL])[1 + i % 4], i % 256, i % 11, nullif(i % 6, 0),
       CASE WHEN i % 23 > 0 THEN '10.0.0.0'::inet + (i * 7919) % 97 END,
       CASE WHEN i % 29 = 0 THEN '2001:db8::1'::inet ELSE '10.0.0.0'::inet + (i * 31) % 41 END, 1024 + i % 300, (ARRAY[443, 53, 80])[1 + i % 3],
       CASE WHEN i % 5 = 0 THEN '13:' || i % 7 END, CASE WHEN i % 9 = 0 THEN '{"biflowDirection": 2}'::jsonb END
     FROM generate_series(0, $3::int - 1) AS i`,
    [new Date(from), new Date(to), rows],
  );
  await into.query(
    `INSERT INTO batches (id, table_name, rows, node, earliest, latest) VALUES ($1, 'flows', $2, 'a', $3, $4)`,
    [uuidV7(from * 1000), rows, new Date(from), new Date(to - 1)],
  );
}

function foldWith(top: number): Fold {
  return new Fold(address, [new FlowRollups(top, Number.MAX_SAFE_INTEGER, systemClock)], systemClock, silentLog);
}

before(async () => {
  ({ address } = await startTestDatabase());
  client = await connect(address);
  await coverTimes(
    client,
    'flows',
    Array.from({ length: HOURS + 1 }, (_, hour) => (START + hour * HOUR_MS) * 1000),
    'hour',
  );
  await addFlows(client, START, END, 30_000);
});

function question(more: Partial<TopQuestion>): TopQuestion {
  const range = { from: new Date(START), to: new Date(END) };
  return { subject: 'talkers', range, by: 'bytes', limit: 10, exporter: [], direction: 'both', ...more };
}

/** The same question to flows alone gives the same answer. @returns what it was answered from */
async function assertSame(asked: TopQuestion): Promise<readonly string[]> {
  const { origin, ...answer } = await askTop(client, asked);
  const { origin: raw, ...wanted } = await askTop(client, { ...asked, source: 'raw' });
  assert.deepEqual(Object.keys(raw.seconds), ['raw']);
  assert.ok(origin.exact);
  assert.deepEqual(answer, wanted, JSON.stringify({ asked, origin }));
  return Object.keys(origin.seconds);
}

async function assertSameAtRandom(seed: number, times: number): Promise<Set<string>> {
  const random = randomNumbers(seed);
  const sources = new Set<string>();
  for (let round = 0; round < times; round += 1) {
    const from = START + random(HOURS * HOUR_MS - 1000);
    const to = from + 1 + random(END - from);
    const asked = question({
      subject: SUBJECTS[random(SUBJECTS.length)] ?? 'talkers',
      by: TOP_METRICS[random(TOP_METRICS.length)] ?? 'bytes',
      limit: 1 + random(20),
      exporter: random(2) === 0 ? [] : ['192.0.2.1'],
      range: { from: new Date(from), to: new Date(to) },
    });
    for (const source of await assertSame(asked)) sources.add(source);
  }
  return sources;
}

test('rollups with everything in them answer as flows do, in random stretches, and so do those with remainders', async () => {
  assert.deepEqual([...(await assertSameAtRandom(1, 5))], ['raw'], 'nothing is folded yet');
  await foldWith(10_000).run(never);
  assert.deepEqual(await assertSame(question({ subject: 'exporters' })), ['1h']);
  assert.deepEqual([...(await assertSameAtRandom(2, 30))].toSorted(), ['10m', '1h', '1m', 'raw']);

  // A late batch: its minutes come from flows until they are folded.
  await addFlows(client, END - HOUR_MS, END - HOUR_MS / 2, 3000);
  assert.deepEqual(await assertSame(question({ subject: 'exporters' })), ['1h', '10m', 'raw']);
  assert.ok((await assertSameAtRandom(3, 20)).has('1h'));

  // Few are kept by name: what a remainder may hide comes from flows.
  await client.query('UPDATE batches SET folded = false');
  await foldWith(10).run(never);
  assert.deepEqual(await assertSame(question({ subject: 'interfaces' })), ['1h']);
  assert.ok((await assertSameAtRandom(4, 20)).has('raw'));
});

test('a rollup that is asked for by name says what it may lack, and no row lacks more', async () => {
  const raw = await askTop(client, question({ source: 'raw', limit: 1000 }));
  for (const source of ['1m', '10m', '1h'] as const) {
    const { rows, origin, whole } = await askTop(client, question({ source, limit: 1000 }));
    assert.deepEqual([origin.exact, whole], [false, raw.whole]);
    const seen = new Map(rows.map(({ key, bytes }) => [key['host'], bytes]));
    for (const { key, bytes } of raw.rows) {
      const lacks = bytes - (seen.get(key['host']) ?? 0);
      assert.ok(
        lacks >= 0 && lacks <= origin.mayLack,
        `${source}: ${String(key['host'])} lacks ${lacks} of ${origin.mayLack}`,
      );
    }
  }
});

test('what comes while rollups are switched off comes from flows', async () => {
  await addFlows(client, START + 60_000, START + 120_000, 500);
  await new Fold(address, [new NoRollups()], systemClock, silentLog).run(never);
  assert.equal((await client.query('SELECT FROM batches WHERE NOT folded')).rowCount, 0);
  assert.ok((await assertSame(question({ subject: 'exporters' }))).includes('raw'));
  await disconnect(client);
});

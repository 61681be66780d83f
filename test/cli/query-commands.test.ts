import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect, disconnect } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const WHEN = ['--from', '2026-03-01T12:00:00Z', '--to', '2026-03-01T12:10:00Z'];

let database: string;

before(async () => {
  const { address, connectionString } = await startTestDatabase();
  database = connectionString;
  const client = await connect(address);
  const flow = {
    received_at: '2026-03-01T12:01:00Z',
    exporter: '192.0.2.1',
    protocol: 6,
    src_port: 50_000,
    dst_port: 443,
  };
  await insertRows(client, 'flows', [
    { ...flow, src_addr: '10.0.0.1', dst_addr: '10.0.0.2', bytes: 75_000, packets: 100, sampling_rate: 1000, in_if: 1 },
    { ...flow, src_addr: '10.0.0.3', dst_addr: '10.0.0.2', bytes: 1000, packets: 2 },
  ]);
  // Another day, of an exporter that is polled.
  const polled = { device: '192.0.2.9', valid_from: '2026-03-01T00:00:00Z' };
  await insertRows(client, 'flows', [
    {
      ...flow,
      received_at: '2026-03-02T12:01:00Z',
      exporter: '192.0.2.9',
      bytes: 7_500_000,
      packets: 10,
      sampling_rate: 1,
      in_if: 7,
    },
  ]);
  await insertRows(client, 'interface_names', [
    { ...polled, if_index: 7, name: 'Gi0/7', alias: 'north, by the pier', speed: 1_000_000 },
  ]);
  await insertRows(client, 'device_names', [{ ...polled, sys_name: 'core-9' }]);
  await disconnect(client);
});

interface Answer {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

function dogwatch(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: tmpdir(),
    TZ: 'UTC',
    DOGWATCH_DATABASE__URL: database,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...parameters], { env, cwd: tmpdir() }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

// 75,000,000 bytes in 600 s are 1 Mbit/s.
test('top talkers is a table with bars, the whole, and the share of unknown sampling', async () => {
  const { code, out } = await dogwatch(['top', 'talkers', ...WHEN]);
  assert.equal(code, 0);
  assert.deepEqual(out.split('\n'), [
    'Top talkers by bytes from 2026-03-01 12:00:00 to 2026-03-01 12:10:00 UTC (10m)',
    '',
    'host         sent  received    bytes         rate    share',
    '10.0.0.2      0 B   75.0 MB  75.0 MB  1.00 Mbit/s  100.0 %  ################',
    '10.0.0.1  75.0 MB       0 B  75.0 MB  1.00 Mbit/s  100.0 %  ################',
    '10.0.0.3  1.00 kB       0 B  1.00 kB     13 bit/s   <0.1 %  #',
    '',
    'All together: 75.0 MB, 100 k packets, 2 flows, 1.00 Mbit/s. A flow counts for both of its hosts, so shares add up to 200 %.',
    'Sampling is applied; for 50.0 % of the flows the rate is unknown, and they count once (see flow.sampling).',
    '',
  ]);
});

test('a terminal with UTF-8 gets finer bars', async () => {
  const { out } = await dogwatch(['top', 'applications', ...WHEN], { LANG: 'C.UTF-8' });
  assert.match(out, /^https \(tcp\/443\) +75\.0 MB +1\.00 Mbit\/s +100\.0 % {2}█{16}$/m);
});

test('top as JSON has numbers, the stretch and the names of both sides', async () => {
  const { out } = await dogwatch(['top', 'interfaces', ...WHEN, '--json', '--limit', '1']);
  const answer: unknown = JSON.parse(out);
  assert.deepEqual(answer, {
    subject: 'interfaces',
    by: 'bytes',
    from: '2026-03-01T12:00:00.000Z',
    to: '2026-03-01T12:10:00.000Z',
    seconds: 600,
    source: { seconds: { raw: 600 }, exact: true, mayLack: 0 },
    gaps: [],
    whole: { bytes: 75_001_000, packets: 100_002, flows: 2, unknownSampling: 1 },
    rows: [
      {
        exporter: '192.0.2.1',
        interface: null,
        name: null,
        alias: null,
        speed: null,
        bytes: 75_002_000,
        packets: 100_004,
        flows: 3,
        unknownSampling: 2,
        bitsPerSecond: (75_002_000 * 8) / 600,
        share: 75_002_000 / 75_001_000,
        in: 1000,
        out: 75_001_000,
        inUtilisation: null,
        outUtilisation: null,
      },
    ],
  });
});

test('top as CSV has the names of JSON; interfaces that were polled have alias, speed and use on the screen', async () => {
  const asked = ['top', 'interfaces', '--from', '2026-03-02T12:00:00Z', '--to', '2026-03-02T12:10:00Z'];
  const csv = await dogwatch([...asked, '--csv']);
  assert.deepEqual(csv.out.split('\r\n').slice(0, 2), [
    'exporter,interface,name,alias,speed,bytes,packets,flows,unknownSampling,bitsPerSecond,share,in,out,inUtilisation,outUtilisation',
    '192.0.2.9,7,Gi0/7,"north, by the pier",1000000,7500000,10,1,0,100000,1,7500000,0,0.1,0',
  ]);
  const screen = await dogwatch([...asked, '--by', 'utilisation'], { LANG: 'C.UTF-8' });
  const [title, , head, first] = screen.out.split('\n');
  assert.match(title ?? '', /^Top interfaces by utilisation from 2026-03-02 12:00:00/);
  assert.match(head ?? '', /^exporter +ifIndex +name +alias +speed +in use +out use +in +out +bytes +rate +share$/);
  assert.match(
    first ?? '',
    /^192\.0\.2\.9 +7 +Gi0\/7 +north, by the pier +1\.00 Mbit\/s +10\.0 % +0\.0 % +7\.50 MB +0 B +7\.50 MB/,
  );
  const exporters = await dogwatch(asked.with(1, 'exporters'));
  assert.match(exporters.out, /^192\.0\.2\.9 +- +core-9 /m);
  const wrong = await dogwatch([...asked.with(1, 'talkers'), '--by', 'utilisation']);
  assert.equal(wrong.code, 2);
});

test('flows is a table, JSON lines or CSV', async () => {
  const asked = [
    'flows',
    ...WHEN,
    '--host',
    '10.0.0.1',
    '--columns',
    'received_at,protocol,source,bytes,sampling_rate,vlan',
  ];
  const table = await dogwatch(asked);
  assert.deepEqual(table.out.split('\n'), [
    'received                     protocol  source          bytes  sampling  vlan',
    '2026-03-01 12:01:00.000 UTC  tcp       10.0.0.1:50000  75000    1:1000     -',
    '',
  ]);
  assert.match(table.err, /^1 flow from 2026-03-01 12:00:00 to 2026-03-01 12:10:00 UTC \(10m\)\.$/m);
  assert.equal(
    (await dogwatch([...asked, '--json'])).out,
    '{"received_at":"2026-03-01T12:01:00+00:00","protocol":6,"source":"10.0.0.1:50000","bytes":75000,"sampling_rate":1000}\n',
  );
  assert.equal(
    (await dogwatch([...asked, '--csv'])).out,
    'received_at,protocol,source,bytes,sampling_rate,vlan\r\n2026-03-01T12:01:00.000000Z,6,10.0.0.1:50000,75000,1000,\r\n',
  );
});

test('nothing found is no failure', async () => {
  const top = await dogwatch(['top', 'exporters', '--from', '2020-01-01', '--to', '2020-01-02']);
  assert.deepEqual([top.code, top.err], [0, '']);
  assert.match(top.out, /^No flows from 2020-01-01 00:00:00 to 2020-01-02 00:00:00 UTC \(1d\)/);
  const flows = await dogwatch(['flows', '--from', '2020-01-01', '--to', '2020-01-02', '--json']);
  assert.deepEqual([flows.code, flows.out], [0, '']);
});

test('a wrong question exits with 2 before the database is asked', async () => {
  const nowhere = { DOGWATCH_DATABASE__URL: 'postgresql://nobody@127.0.0.1:1/nothing' };
  for (const wrong of [
    ['flows', '--src', '10.0.0.300'],
    ['flows', '--json', '--csv'],
    ['flows', '--limit', '0'],
    ['top', 'talkers', '--by', 'colour'],
    ['top', 'talkers', '--last', 'week'],
    ['top', 'nobody'],
  ]) {
    const { code, err } = await dogwatch(wrong, nowhere);
    assert.equal(code, 2, `${wrong.join(' ')}: ${err}`);
  }
});

test('a database that does not answer, or is not running, exits with 3 and says what to do', async () => {
  const away = await dogwatch(['flows'], { DOGWATCH_DATABASE__URL: 'postgresql://nobody@127.0.0.1:1/nothing' });
  assert.equal(away.code, 3);
  assert.match(away.err, /the database does not answer.*ECONNREFUSED/);
  const stateDirectory = join(await temporaryDirectory(), 'state');
  const asleep = await dogwatch(['top', 'talkers'], {
    DOGWATCH_DATABASE__URL: '',
    DOGWATCH_STATE_DIRECTORY: stateDirectory,
  });
  assert.equal(asleep.code, 3, asleep.err);
  assert.match(asleep.err, /the collector is not running.*\nStart it with "dogwatch run"/);
});

test('a database without tables says how to make them', async () => {
  const empty = database.replace(/\/test_\d+\?/, '/postgres?');
  const { code, err } = await dogwatch(['top', 'talkers'], { DOGWATCH_DATABASE__URL: empty });
  assert.equal(code, 1);
  assert.match(err, /relation "\w+" does not exist.*\n.*dogwatch migrate/);
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { freeUdpPort } from '../support/loopback-pair.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { AHEAD_MS, DEVICES, WarmDevices } from '../support/warm-devices.ts';

// What a node that is alone knows when it is started again: after an orderly end, and after the end of all its processes at once.
// (What becomes of informs is in snmp-informs.test.ts.)

const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;
const ADDRESS = '127.0.0.1';
const WAITS = '127.0.1.3';
const LOST = 3;

describe('a node that is alone is warm when it is started again', { skip: ONLY_LONG }, () => {
  let client: DatabaseClient;
  let collector: CollectorProcess | undefined;

  before(async () => {
    const database = await startTestDatabase();
    client = await connect(database.address);
    const folder = await temporaryDirectory();
    const [flow, syslog] = await Promise.all([freeUdpPort(ADDRESS), freeUdpPort(ADDRESS)]);
    const listeners = [
      { family: 'flow', address: ADDRESS, port: flow },
      { family: 'syslog', address: ADDRESS, port: syslog },
    ];
    const start = async (): Promise<void> => {
      const settings = { workers: 1, listeners };
      collector = await CollectorProcess.start({ folder, databaseUrl: database.connectionString, settings });
    };
    const devices = new WarmDevices({ address: ADDRESS, flow, syslog });
    try {
      await start();
      await devices.teach();
      await devices.sendData(WAITS, 11);
      await devices.use(1);
      await isStored(1);
      await collector?.stop();

      await start();
      await devices.sendTemplate(WAITS);
      devices.lose(LOST);
      await devices.use(2);
      await isStored(2);
      await collector?.kill();

      await start();
      await devices.use(3);
      await isStored(3);
      await collector?.stop();
    } finally {
      devices.close();
    }
  });

  after(async () => {
    await collector?.kill();
    if (client !== undefined) await disconnect(client);
  });

  async function isStored(round: number): Promise<void> {
    await eventually(`round ${round} is stored`, async () => {
      const flows = await client.query(`SELECT FROM flows WHERE bytes = $1`, [round]);
      const messages = await client.query('SELECT FROM syslog_messages WHERE message = $1', [`round ${round}`]);
      return flows.rows.length >= 3 && messages.rows.length > 0;
    });
  }

  async function rows(sql: string): Promise<unknown[]> {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.map((row: unknown) => row);
  }

  test('templates, options and a sampling rate that were sent once', async () => {
    const sql = `SELECT bytes::int, sampling_rate FROM flows WHERE exporter = '${DEVICES.sampled}' ORDER BY bytes`;
    assert.deepEqual(await rows(sql), [
      [1, 100],
      [2, 100],
      [3, 100],
    ]);
    assert.deepEqual(await rows(`SELECT name FROM interfaces WHERE exporter = '${DEVICES.naming}' ORDER BY name`), [
      ['eth1'],
      ['eth2'],
      ['eth3'],
    ]);
  });

  test('data that waited for its template at an orderly end is stored once', async () => {
    assert.deepEqual(await rows(`SELECT bytes::int FROM flows WHERE exporter = '${WAITS}'`), [[11]]);
  });

  test('sequence numbers go on: what was lost meanwhile is counted, and nothing else', async () => {
    const sql = `SELECT host(sender), sum(lost)::int, sum(restarts)::int FROM losses
      WHERE family = 'flow' GROUP BY sender ORDER BY sender`;
    assert.deepEqual(await rows(sql), [
      [DEVICES.sampled, 0, 0],
      [DEVICES.naming, 0, 0],
      [WAITS, 0, 0],
      [DEVICES.losing, LOST, 0],
    ]);
  });

  test('a device whose clock is ahead is corrected from its first message on', async () => {
    const sql = `SELECT message, clock_offset_ms::int AS ms FROM syslog_messages WHERE message LIKE 'round%' ORDER BY message`;
    const found = await client.query<{ message: string; ms: number | null }>(sql);
    assert.equal(found.rows.length, 3);
    for (const { message, ms } of found.rows) assert.ok(Math.abs((ms ?? 0) - AHEAD_MS) < 2000, `${message}: ${ms}`);
  });
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SnmpStatus } from '../../src/console/status.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { LoopbackPair } from '../support/loopback-pair.ts';
import { isolateNetSnmp } from '../support/net-snmp-tools.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually, runTool } from '../support/processes.ts';
import { UdpRelay } from '../support/udp-relay.ts';
import { AHEAD_MS, DEVICES, WarmDevices } from '../support/warm-devices.ts';

// What follows the address from node to node: whole processes, a switchover, and then the end of all processes of a node at once.

const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;
const SKIP = ONLY_LONG || skipWithout('snmpinform', 'snmptrap');
const USER = ['-v', '3', '-u', 'ops', '-l', 'authPriv', '-a', 'SHA-256', '-A', 'an auth pass phrase', '-x', 'AES'];
const SECRETS = ['-X', 'a privacy pass phrase'];
const CREDENTIALS = {
  users: [
    {
      name: 'ops',
      auth: { protocol: 'SHA-256', password: 'an auth pass phrase' },
      privacy: { protocol: 'AES', password: 'a privacy pass phrase' },
    },
  ],
};
/** Of a device that sends traps of version 3: it is the authority for their time. */
const SENDER_ENGINE = '0x8000000001020304';
const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';
/** Exporters whose data comes before their template, which comes after a switchover or after a takeover. */
const WAITS_LONG = '127.0.1.3';
const WAITS_LATE = '127.0.1.5';
const LOST = 3;
/** Positions of sequence numbers are told every second. */
const POSITIONS_TOLD_MS = 1500;

describe('what decoders have learnt follows the address', { skip: SKIP }, () => {
  let pair: LoopbackPair | undefined;
  let client: DatabaseClient;
  let folder = '';
  const answers: Buffer[] = [];
  const engines: unknown[] = [];
  /** After each round, by the node that is active then. */
  const outOfTime: number[] = [];

  before(async () => {
    const database = await startTestDatabase();
    folder = await temporaryDirectory();
    isolateNetSnmp(folder);
    const credentialsFile = join(folder, 'credentials.yaml');
    await writeFile(credentialsFile, JSON.stringify(CREDENTIALS), { mode: 0o600 });
    client = await connect(database.address);
    const settings = { snmp: { credentialsFile } };
    pair = await LoopbackPair.start({ folder, databaseUrl: database.connectionString, settings });
    await live(pair);
    await pair.stop();
  });

  after(async () => {
    await pair?.kill();
    if (client !== undefined) await disconnect(client);
  });

  /** From the first word of the devices to the last. */
  async function live(running: LoopbackPair): Promise<void> {
    const { address, ports } = running;
    const devices = new WarmDevices({ address, ...ports });
    const relay = await UdpRelay.open(ports.snmp, address);
    try {
      await devices.teach();
      await devices.use(1);
      await devices.sendData(WAITS_LONG, 11);
      await inform(relay.port);
      await trap(running, 5);
      await isStored(1);
      const known = relay.passed.at(-1) ?? Buffer.alloc(0);
      await noteEngine(running, 1);

      await running.switchOver();
      await devices.sendTemplate(WAITS_LONG);
      await devices.sendData(WAITS_LATE, 12);
      await devices.use(2);
      answers.push(await relay.sendAgain(known));
      await inform(relay.port);
      await trap(running, 4);
      await isStored(2);
      await noteEngine(running, 1);
      await pause(POSITIONS_TOLD_MS);

      await running.killActive();
      await devices.sendTemplate(WAITS_LATE);
      devices.lose(LOST);
      await devices.use(3);
      answers.push(await relay.sendAgain(known));
      await inform(relay.port);
      await isStored(3);
      await noteEngine(running, 2);
    } finally {
      devices.close();
      relay.close();
    }
  }

  async function inform(port: number): Promise<void> {
    const content = [`127.0.0.1:${port}`, '42', LINK_DOWN];
    const { code, output } = await runTool('snmpinform', [...USER, ...SECRETS, ...content], folder);
    assert.equal(code, 0, output);
  }

  /** `boots` of its sender's engine, which has run for 77 s. */
  async function trap({ address, ports }: LoopbackPair, boots: number): Promise<void> {
    const content = [`${address}:${ports.snmp}`, `${boots}`, LINK_DOWN];
    const engine = ['-e', SENDER_ENGINE, '-Z', `${boots},77`];
    await runTool('snmptrap', [...USER, ...SECRETS, ...engine, ...content], folder);
  }

  /** All that the devices sent in this round has come to the database; datagrams of a round keep no order between families. */
  async function isStored(round: number): Promise<void> {
    await eventually(`round ${round} is stored`, async () => {
      const flows = await client.query(`SELECT FROM flows WHERE bytes = $1`, [round]);
      const messages = await client.query('SELECT FROM syslog_messages WHERE message = $1', [`round ${round}`]);
      return flows.rows.length >= 3 && messages.rows.length > 0;
    });
  }

  /** Who we are, and how many messages were out of time at this node. */
  async function noteEngine(running: LoopbackPair, informs: number): Promise<void> {
    await eventually('the informs are counted', async () => (await snmpOf(running)).informs >= informs);
    const { engineId, engineBoots, refused } = await snmpOf(running);
    engines.push([engineId, engineBoots]);
    outOfTime.push(refused['not-in-time-window'] ?? 0);
  }

  async function snmpOf(running: LoopbackPair): Promise<SnmpStatus> {
    return (await running.status(await running.active())).snmp;
  }

  async function rows(sql: string): Promise<unknown[]> {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.map((row: unknown) => row);
  }

  test('NetFlow v9: a template and a sampling rate that were sent once', async () => {
    const sql = `SELECT bytes::int, sampling_rate FROM flows WHERE exporter = '${DEVICES.sampled}' ORDER BY bytes`;
    assert.deepEqual(await rows(sql), [
      [1, 100],
      [2, 100],
      [3, 100],
    ]);
  });

  test('IPFIX: templates that were sent once, of flows and of names', async () => {
    const { naming } = DEVICES;
    assert.deepEqual(await rows(`SELECT bytes::int FROM flows WHERE exporter = '${naming}' ORDER BY bytes`), [
      [1],
      [2],
      [3],
    ]);
    const interfaces = `SELECT if_index::int, name FROM interfaces WHERE exporter = '${naming}' ORDER BY if_index`;
    assert.deepEqual(await rows(interfaces), [
      [1, 'eth1'],
      [2, 'eth2'],
      [3, 'eth3'],
    ]);
    assert.deepEqual(await rows(`SELECT name FROM applications WHERE exporter = '${naming}' ORDER BY name`), [
      ['app1'],
      ['app2'],
      ['app3'],
    ]);
  });

  test('data that waits for its template is stored once, by whoever hears the template', async () => {
    const sql = `SELECT bytes::int FROM flows WHERE exporter IN ('${WAITS_LONG}', '${WAITS_LATE}') ORDER BY bytes`;
    assert.deepEqual(await rows(sql), [[11], [12]]);
  });

  test('sequence numbers: nothing that came is taken for lost, and what was lost around a takeover is counted', async () => {
    const sql = `SELECT host(exporter), sum(lost)::int, sum(restarts)::int FROM exporters GROUP BY exporter ORDER BY exporter`;
    assert.deepEqual(await rows(sql), [
      [DEVICES.sampled, 0, 0],
      [DEVICES.naming, 0, 0],
      [WAITS_LONG, 0, 0],
      [DEVICES.losing, LOST, 0],
      [WAITS_LATE, 0, 0],
    ]);
  });

  test('a device whose clock is ahead is corrected from its first message on', async () => {
    const sql = `SELECT message, clock_offset_ms::int AS ms FROM syslog_messages WHERE message LIKE 'round%' ORDER BY message`;
    const found = await client.query<{ message: string; ms: number | null }>(sql);
    assert.equal(found.rows.length, 3);
    for (const { message, ms } of found.rows) assert.ok(Math.abs((ms ?? 0) - AHEAD_MS) < 2000, `${message}: ${ms}`);
  });

  test('SNMP: the engine is one, and whoever knew it is understood at once', () => {
    assert.deepEqual(engines, [engines[0], engines[0], engines[0]]);
    // Each node was sent, again, an inform that was made with the boots and the time of the first one.
    assert.deepEqual(outOfTime, [0, 0, 0]);
  });

  test('an inform that was answered is answered again, and stored once', async () => {
    assert.equal(answers.length, 2);
    const sql = `SELECT count(*)::int, count(DISTINCT request_id)::int FROM snmp_traps WHERE pdu = 'i'`;
    assert.deepEqual(await rows(sql), [[3, 3]]);
  });

  test('a trap of an earlier boot than the other node has heard is known to be old', async () => {
    assert.deepEqual(await rows(`SELECT engine_boots::int, flags FROM snmp_traps WHERE pdu = 't' ORDER BY 1`), [
      [4, ['time-window']],
      [5, null],
    ]);
  });
});

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually, type Tool } from '../support/processes.ts';
import { type Notification, SnmpCollector, type SnmpCollectorOptions } from '../support/snmp-collector.ts';
import { UdpRelay } from '../support/udp-relay.ts';

// What an answer to an inform promises: that it is stored, once, whatever dies meanwhile.

const SKIP = skipWithout('snmpinform');
const CREDENTIALS = {
  communities: { core: 'public' },
  users: [
    {
      name: 'ops',
      auth: { protocol: 'SHA-256', password: 'an auth pass phrase' },
      privacy: { protocol: 'AES', password: 'a privacy pass phrase' },
    },
  ],
};
const PATIENT = ['-r', '20', '-t', '1'];
const VERSIONS = {
  v2c: ['-v', '2c', '-c', 'public'],
  v3: [
    '-v',
    '3',
    '-u',
    'ops',
    '-l',
    'authPriv',
    '-a',
    'SHA-256',
    '-A',
    'an auth pass phrase',
    '-x',
    'AES',
    '-X',
    'a privacy pass phrase',
  ],
};

/** A sender of v3 learns who we are before it sends its inform. */
const FIRST_ANSWERS = { v2c: 0, v3: 1 };

for (const version of ['v2c', 'v3'] as const) {
  const options = VERSIONS[version];
  const inform: Notification = { options: [...PATIENT, ...options], content: ['42', '1.3.6.1.6.3.1.1.5.3'] };

  test(
    `${version}: an inform to a collector that hangs and is killed waits for the next process, and is stored once`,
    { skip: SKIP },
    async (t) => {
      const { folder, databaseUrl, countRows } = await surroundings();
      const first = await start(t, { folder, databaseUrl });
      const { engineId, engineBoots } = await first.status();
      const relay = await UdpRelay.open(first.port);
      t.after(() => relay.close());
      const sender = startSender(t, first, inform, relay.port);
      relay.beforeQuestion = (questions) => {
        if (questions === FIRST_ANSWERS[version] + 1) void first.process.freeze();
      };
      await eventually('the inform has come', () => relay.questions > FIRST_ANSWERS[version]);
      await first.process.kill();
      assert.equal(await countRows(), 0);
      assert.equal(sender.child.exitCode, null, 'snmpinform waits');

      const second = await start(t, { folder, databaseUrl, port: first.port });
      assert.equal(await sender.exited, 0, sender.output());
      await eventually('the row is there', async () => (await countRows()) > 0);
      const status = await second.status();
      // RFC 3414 section 2.2: the same engine, and one boot more; a sender of v3 learns that from a report.
      assert.deepEqual([status.engineId, status.engineBoots], [engineId, engineBoots + 1]);
      if (version === 'v3') assert.ok((status.refused['not-in-time-window'] ?? 0) > 0);
      await second.process.stop();
      assert.equal(await countRows(), 1);
    },
  );

  test(
    `${version}: an inform that was stored while its answer was lost is answered by the next process, and not stored again`,
    { skip: SKIP },
    async (t) => {
      const { folder, databaseUrl, countRows } = await surroundings();
      const first = await start(t, { folder, databaseUrl });
      const relay = await UdpRelay.open(first.port);
      t.after(() => relay.close());
      relay.answersToPass = FIRST_ANSWERS[version];
      const sender = startSender(t, first, inform, relay.port);
      await eventually('the inform is stored', async () => (await countRows()) > 0);
      await eventually('an answer was lost', () => relay.swallowed > 0);
      await first.process.kill();

      const second = await start(t, { folder, databaseUrl, port: first.port });
      relay.answersToPass = Infinity;
      assert.equal(await sender.exited, 0, sender.output());
      const { informs, informRetransmissions } = await second.status();
      assert.deepEqual([informs, informRetransmissions > 0], [0, true]);
      await second.process.stop();
      assert.equal(await countRows(), 1);
    },
  );

  test(
    `${version}: an inform that comes while the database is down is answered from the journal, which outlives a kill`,
    { skip: SKIP },
    async (t) => {
      const { folder, databaseUrl, postgres } = await stoppableDatabase(t);
      const first = await start(t, { folder, databaseUrl });
      await postgres.stop();

      const sender = startSender(t, first, inform);
      assert.equal(await sender.exited, 0, sender.output());
      const { journal, snmp } = await first.process.status();
      assert.deepEqual([snmp.informs, journal.rows], [1, 1]);
      await first.process.kill();

      await postgres.start();
      const second = await start(t, { folder, databaseUrl });
      await second.process.stop();
      assert.deepEqual(await uptimesOf(postgres), ['42']);
    },
  );

  for (const isDown of [false, true]) {
    test(
      `${version}: an inform in the journal whose answer was lost is stored once, with the database ${isDown ? 'still down' : 'back'} when it comes again`,
      { skip: SKIP },
      async (t) => {
        const { folder, databaseUrl, postgres } = await stoppableDatabase(t);
        const first = await start(t, { folder, databaseUrl });
        await postgres.stop();
        const relay = await UdpRelay.open(first.port);
        t.after(() => relay.close());
        relay.answersToPass = FIRST_ANSWERS[version];
        const sender = startSender(t, first, inform, relay.port);
        await eventually('an answer was lost', () => relay.swallowed > 0);
        await first.process.kill();

        if (!isDown) await postgres.start();
        const second = await start(t, { folder, databaseUrl, port: first.port });
        relay.answersToPass = Infinity;
        assert.equal(await sender.exited, 0, sender.output());
        if (isDown) await postgres.start();
        await eventually('the journal is empty', async () => (await second.process.status()).journal.rows === 0);
        await second.process.stop();
        assert.deepEqual(await uptimesOf(postgres), ['42']);
      },
    );
  }
}

test('snmpinform, kept waiting, sends again and again, and is stored once', { skip: SKIP }, async (t) => {
  const { folder, databaseUrl, countRows } = await surroundings();
  const collector = await start(t, { folder, databaseUrl });
  const relay = await UdpRelay.open(collector.port);
  t.after(() => relay.close());
  relay.answersToPass = 0;
  const options = [...VERSIONS.v2c, '-r', '20', '-t', '0.2'];
  const sender = startSender(t, collector, { options, content: ['42', '1.3.6.1.6.3.1.1.5.3'] }, relay.port);
  await eventually('it has sent several times', () => relay.swallowed > 3);
  relay.answersToPass = Infinity;
  assert.equal(await sender.exited, 0, sender.output());
  const { informs, informRetransmissions } = await collector.status();
  assert.equal(informs, 1);
  assert.ok(informRetransmissions > 3);
  await collector.process.stop();
  assert.equal(await countRows(), 1);
});

async function surroundings() {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const folder = await temporaryDirectory();
  const countRows = async (): Promise<number> => {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM snmp_traps');
    return rows[0]?.count ?? 0;
  };
  return { folder, databaseUrl: database.connectionString, countRows };
}

/** A server of its own, that may be stopped and started. */
async function stoppableDatabase(t: TestContext) {
  const folder = await temporaryDirectory();
  const postgres = new EmbeddedPostgres({ stateDirectory: folder, settings: { fsync: 'off' } }, silentLog);
  await postgres.start();
  t.after(() => postgres.stop());
  const { user, database, host = '', port } = postgres.address;
  const databaseUrl = `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  return { folder, databaseUrl, postgres };
}

async function uptimesOf({ address }: EmbeddedPostgres): Promise<string[]> {
  const client = await connect(address);
  const { rows } = await client.query<{ uptime: string }>("SELECT uptime FROM snmp_traps WHERE pdu = 'i'");
  await disconnect(client);
  return rows.map(({ uptime }) => uptime);
}

async function start(t: TestContext, options: SnmpCollectorOptions): Promise<SnmpCollector> {
  const settings = { batch: { age: '10ms' }, ...options.settings };
  const collector = await SnmpCollector.start({ credentials: CREDENTIALS, ...options, settings });
  t.after(() => collector.process.kill());
  return collector;
}

function startSender(t: TestContext, collector: SnmpCollector, inform: Notification, port = collector.port): Tool {
  const sender = collector.start('snmpinform', inform, port);
  t.after(() => sender.child.kill('SIGKILL'));
  return sender;
}

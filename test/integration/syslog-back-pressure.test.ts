import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { type CollectorStatus, streamListeners } from '../../src/console/status.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CertificateAuthority } from '../support/certificates.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory, type TestDatabase } from '../support/postgres.ts';
import { eventually, type Tool } from '../support/processes.ts';
import { RSYSLOG_NEEDS, startRsyslog } from '../support/rsyslog.ts';
import { countMessages, startSyslogCollector, statusAtEnd, storedCount } from '../support/syslog-collector.ts';

/** Of each stream, more than the journal holds: none has sent everything before it is full. */
const MESSAGES = 32_000;
const TEXT = 'x'.repeat(1000);
/** The smallest journal that the configuration allows. */
const JOURNAL_BYTES = 32 * 2 ** 20;

const skip = skipWithout(...RSYSLOG_NEEDS.tls, ...RSYSLOG_NEEDS.relp);

const lines = (app: string): string[] =>
  Array.from({ length: MESSAGES }, (_, index) => `<134>1 2026-03-05T11:22:33Z router1 ${app} ${index} - - ${TEXT}`);

function endWith(t: TestContext, tool: Tool): void {
  t.after(async () => {
    tool.child.kill('SIGKILL');
    await tool.exited;
  });
}

/** Nobody can use the database until it is given back; `administrator` is connected to another one. */
async function takeAway(administrator: DatabaseClient, { address: { database } }: TestDatabase): Promise<void> {
  await administrator.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  await administrator.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
}

async function giveBack(administrator: DatabaseClient, { address: { database } }: TestDatabase): Promise<void> {
  await administrator.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
}

/** Sends datagrams one by one, each after the one before was received: the kernel drops none. */
async function sendDatagrams(t: TestContext, port: number, first: number, count: number): Promise<void> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (let index = first; index < first + count; index += 1) {
    await new Promise((sent) => socket.send(`<134>1 - router1 udp ${index} - - ${TEXT}`, sent));
    if (index % 10 === 0) await nextTurn();
  }
}

/** Each of the three streams is connected, and not read. */
function allPaused(status: CollectorStatus): boolean {
  const open = streamListeners(status).filter(({ connections }) => connections > 0);
  return open.length === 3 && open.every(({ pauses }) => pauses > 0);
}

test(
  'while the database is away and the journal is full, streams wait and lose nothing; datagrams are lost at the bound alone, and counted',
  { skip },
  async (t) => {
    const folder = await temporaryDirectory();
    const database = await startTestDatabase();
    const administrator = await connect({ ...database.address, database: 'postgres' });
    t.after(() => disconnect(administrator));
    const authority = new CertificateAuthority(folder);
    const own = authority.issue('collector', '/CN=collector', { DNS: 'localhost', IP: '127.0.0.1' });
    const { process: collector, ports } = await startSyslogCollector({
      folder,
      databaseUrl: database.connectionString,
      tls: own,
      settings: { syslog: { timeZone: 'UTC' }, journal: { maxBytes: JOURNAL_BYTES, minFreeBytes: 0 } },
    });
    t.after(() => collector.kill());
    await takeAway(administrator, database);

    const omfwd = 'type="omfwd" target="127.0.0.1" protocol="tcp" TCP_Framing="octet-counted"';
    const driver =
      'StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"';
    const actions = {
      tcp: `${omfwd} port="${ports.tcp}"`,
      tls: `${omfwd} port="${ports.tls}" ${driver}`,
      relp: `type="omrelp" target="127.0.0.1" port="${ports.relp}"`,
    };
    for (const [app, action] of Object.entries(actions)) {
      const tls = app === 'tls' ? { ...own, authorityFile: authority.certificateFile, peer: 'localhost' } : undefined;
      endWith(t, await startRsyslog(await mkdtemp(join(folder, 'sender-')), lines(app), action, tls));
    }
    await eventually('every stream waits', async () => allPaused(await collector.status()));
    const full = await collector.status();
    assert.deepEqual([full.ready, full.journal.lostRows], [false, 0]);

    let sent = 0;
    await eventually('the bound is reached', async () => {
      await sendDatagrams(t, ports.udp, sent, 500);
      sent += 500;
      return (await collector.status()).journal.lostRows > 0;
    });

    await giveBack(administrator, database);
    const client = await connect(database.address);
    t.after(() => disconnect(client));
    for (const app of Object.keys(actions)) await storedCount(client, MESSAGES, `app_name = '${app}'`);
    await collector.stop();
    const lost = sent - (await countMessages(client, `app_name = 'udp'`));
    const { listeners, journal } = statusAtEnd(collector);
    const [udp] = listeners.filter((listener) => listener.transport === 'udp');
    assert.deepEqual([udp?.datagrams, udp?.kernelDrops], [sent, 0]);
    assert.ok(lost > 0);
    // Messages of RELP may have been with them: these came again.
    assert.ok(journal.lostRows >= lost, `${journal.lostRows} are counted as lost, ${lost} are`);
    t.diagnostic(`${lost} of ${sent} datagrams were lost, ${journal.lostRows} rows counted`);
  },
);

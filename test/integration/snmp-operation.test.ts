import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import {
  type Credentials,
  credentialsFile,
  mibFolder,
  SnmpCollector,
  writeCredentials,
} from '../support/snmp-collector.ts';

// What an operator meets: strangers, wrong passwords, secrets that change, MIB files that come later, garbage.

const SKIP = skipWithout('snmptrap', 'snmpinform');
const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';
/** Of no maker: IANA gives it out for examples (RFC 5612). */
const HARBOUR = '1.3.6.1.4.1.32473';
const RAW_PER_MINUTE = 25;
const ops = {
  name: 'ops',
  auth: { protocol: 'SHA-256', password: 'an auth pass phrase' },
  privacy: { protocol: 'AES-256', password: 'a privacy pass phrase' },
};
const CREDENTIALS: Credentials = { communities: { core: 'sesame' }, users: [ops] };

let folder: string;
let client: DatabaseClient;
let collector: SnmpCollector;

before(async () => {
  if (SKIP !== false) return;
  folder = await temporaryDirectory();
  const database = await startTestDatabase();
  client = await connect(database.address);
  collector = await SnmpCollector.start({
    folder,
    databaseUrl: database.connectionString,
    credentials: CREDENTIALS,
    settings: {
      batch: { age: '10ms' },
      snmp: { credentialsFile: credentialsFile(folder), limits: { rawPerMinute: RAW_PER_MINUTE } },
    },
  });
});

after(async () => {
  if (SKIP !== false) return;
  await collector.process.stop();
  await disconnect(client);
});

const community = (name: string) => ['-v', '2c', '-c', name];
const user = (name: string, authPassword = ops.auth.password, privacy = 'AES-256') => {
  const auth = ['-a', 'SHA-256', '-A', authPassword];
  return ['-v', '3', '-u', name, '-l', 'authPriv', ...auth, '-x', privacy, '-X', ops.privacy.password];
};

test('a community of which nobody knows is counted, kept out, and written nowhere', { skip: SKIP }, async () => {
  await trap(11, community('open-please'));
  await countsOf('unknown-community', 1);
  const inform = await collector.run('snmpinform', {
    options: [...community('open-please'), '-r', '0', '-t', '0.5'],
    content: ['11', LINK_DOWN],
  });
  assert.notEqual(inform.code, 0);
  await countsOf('unknown-community', 2);
  await trap(12, community('sesame'));
  await rows(12);
  assert.deepEqual(await rows(11, 0), []);
  assert.doesNotMatch(collector.process.output, /open-please|sesame/);
});

test('users of whom nobody knows, and wrong passwords, are told so, counted and kept out', { skip: SKIP }, async () => {
  const cases = [
    { options: user('stranger'), reason: 'unknown-user', says: /Unknown user name/ },
    { options: user('ops', 'not the pass phrase'), reason: 'wrong-digest', says: /Authentication failure/ },
    { options: ['-v', '3', '-u', 'ops', '-l', 'noAuthNoPriv'], reason: 'below-minimum-level', says: /security level/ },
  ];
  for (const { options, reason, says } of cases) {
    const { code, output } = await collector.run('snmpinform', {
      options: [...options, '-r', '0', '-t', '5'],
      content: ['21', LINK_DOWN],
    });
    assert.notEqual(code, 0, reason);
    assert.match(output, says);
    await countsOf(reason, 1);
    await trap(21, options);
    await countsOf(reason, 2);
  }
  assert.deepEqual(await rows(21, 0), []);
  assert.doesNotMatch(collector.process.output, /not the pass phrase/);
});

test('both ways to lengthen a key can be offered for one user', { skip: SKIP }, async () => {
  await change(
    { ...CREDENTIALS, users: [ops, { ...ops, privacy: { ...ops.privacy, protocol: 'AES-256-C' } }] },
    'SIGHUP',
  );
  await trap(31, user('ops', ops.auth.password, 'AES-256'));
  await trap(32, user('ops', ops.auth.password, 'AES-256-C'));
  await rows(31);
  await rows(32);
});

test('credentials that change are taken over while the collector runs', { skip: SKIP }, async () => {
  const night = { ...ops, name: 'night' };
  await change({ communities: { core: 'new-sesame' }, users: [ops, night] });
  await trap(41, community('new-sesame'));
  await trap(42, user('night'));
  const [byCommunity] = await rows(41);
  const [byUser] = await rows(42);
  assert.deepEqual([byCommunity?.['security_name'], byUser?.['security_name']], ['core', 'night']);
  const before = (await collector.status()).refused['unknown-community'] ?? 0;
  await trap(43, community('sesame'));
  await countsOf('unknown-community', before + 1);
});

test('credentials that cannot be read change nothing, and the log says why', { skip: SKIP }, async () => {
  await writeFile(credentialsFile(folder), 'users: [ { name: ops, auth: { protocol: SHA-3 } } ]');
  process.kill(collector.process.pid, 'SIGHUP');
  await eventually('it is refused', () => /SHA-224.*not reloaded/.test(collector.process.output));
  await trap(51, user('ops'));
  await rows(51);
});

test('a MIB file that is put into the folder names the next trap', { skip: SKIP }, async () => {
  const send = (uptime: number) =>
    collector.run('snmptrap', {
      options: [...user('ops')],
      content: [String(uptime), `${HARBOUR}.0.1`, `${HARBOUR}.1.1.0`, 'i', '2'],
    });
  await send(61);
  const [before] = await rows(61);
  assert.equal(before?.['trap_oid'], `${HARBOUR}.0.1`);
  assert.doesNotMatch(String(before?.['trap_name']), /HARBOUR-MIB/);
  await writeFile(join(mibFolder(folder), 'HARBOUR-MIB.txt'), HARBOUR_MIB);
  // Not any reload: one that a signal asked for may still be under way, and find the folder empty.
  const compiled = /"modules":1,.*"msg":"MIB files compiled"/;
  await eventually('the module was compiled', () => compiled.test(collector.process.output));
  await send(62);
  const [named] = await rows(62);
  assert.equal(named?.['trap_name'], 'HARBOUR-MIB::tideIsOut');
  assert.deepEqual(named?.['varbinds'], [
    { oid: `${HARBOUR}.1.1.0`, name: 'HARBOUR-MIB::gateState.0', type: 'Integer', value: 2, text: 'shut(2)' },
  ]);
});

test('garbage is kept as it came, up to a bound, and counted beyond', { skip: SKIP }, async () => {
  const sent = 60;
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  for (let index = 0; index < sent; index += 1) {
    // A SEQUENCE of indefinite length, then what tells one from the other.
    await new Promise((resolve) =>
      socket.send(Buffer.from([0x30, 0x80, 0xde, 0xad, index]), collector.port, '127.0.0.1', resolve),
    );
  }
  socket.close();
  await collector.counts('all garbage has come', ({ undecodable }) => undecodable >= sent);
  const { storedRaw, rawSuppressed } = await collector.status();
  assert.equal(storedRaw + rawSuppressed, sent);
  assert.ok(storedRaw > 0 && storedRaw <= RAW_PER_MINUTE, String(storedRaw));
  let found: Record<string, unknown>[] = [];
  await eventually('they are stored', async () => {
    ({ rows: found } = await client.query("SELECT * FROM snmp_traps WHERE pdu = 'u' ORDER BY raw"));
    return found.length >= storedRaw;
  });
  assert.equal(found.length, storedRaw);
  assert.deepEqual(
    found.map(({ raw }) => Buffer.isBuffer(raw) && raw.toString('hex').slice(0, 8)),
    found.map(() => '3080dead'),
  );
  assert.deepEqual(new Set(found.map(({ reason }) => reason)), new Set(['indefinite-length']));
  await trap(71, user('ops'));
  await rows(71);
});

const HARBOUR_MIB = `HARBOUR-MIB DEFINITIONS ::= BEGIN
IMPORTS MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, enterprises FROM SNMPv2-SMI;
harbour MODULE-IDENTITY
  LAST-UPDATED "202601010000Z"
  ORGANIZATION "Harbour"
  CONTACT-INFO "nobody"
  DESCRIPTION "For a test."
  ::= { enterprises 32473 }
harbourNotifications OBJECT IDENTIFIER ::= { harbour 0 }
harbourObjects OBJECT IDENTIFIER ::= { harbour 1 }
gateState OBJECT-TYPE
  SYNTAX INTEGER { open(1), shut(2) }
  MAX-ACCESS read-only
  STATUS current
  DESCRIPTION "Of the gate."
  ::= { harbourObjects 1 }
tideIsOut NOTIFICATION-TYPE
  OBJECTS { gateState }
  STATUS current
  DESCRIPTION "Ships wait."
  ::= { harbourNotifications 1 }
END
`;

async function trap(uptime: number, options: readonly string[]): Promise<void> {
  const { code, output } = await collector.run('snmptrap', { options, content: [String(uptime), LINK_DOWN] });
  assert.equal(code, 0, output);
}

function countsOf(reason: string, count: number): Promise<void> {
  return collector.counts(`${reason} is counted`, ({ refused }) => refused[reason] === count);
}

async function rows(uptime: number, count = 1): Promise<Record<string, unknown>[]> {
  let found: Record<string, unknown>[] = [];
  await eventually(`the row of ${uptime} is there`, async () => {
    ({ rows: found } = await client.query('SELECT * FROM snmp_traps WHERE uptime = $1', [uptime]));
    return found.length >= count;
  });
  assert.equal(found.length, count);
  return found;
}

/** Writes the file, and waits until the collector goes by it; without a signal it looks every few seconds. */
async function change(credentials: Credentials, signal?: 'SIGHUP'): Promise<void> {
  const before = reloadsOf('SNMP credentials');
  await writeCredentials(folder, credentials);
  if (signal !== undefined) process.kill(collector.process.pid, signal);
  await eventually('the credentials are read', () => reloadsOf('SNMP credentials') > before);
}

function reloadsOf(what: string): number {
  return collector.process.output.split('\n').filter((line) => line.includes('"reloaded"') && line.includes(what))
    .length;
}

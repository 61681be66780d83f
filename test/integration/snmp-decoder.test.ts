import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { SNMP_TRAPS } from '../../collectors/snmp/tables.ts';
import { UsmProcessor } from '../../collectors/snmp/usm/usm-processor.ts';
import { copyRows } from '../../storage/database/copy.ts';
import { connect, disconnect, quoteIdentifier } from '../../storage/database/database.ts';
import { isolateNetSnmp } from '../support/net-snmp-tools.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { runTool } from '../support/processes.ts';
import { ber, type SnmpDecoding, startSnmpDecoding, v2Message, varbind, varbindsOf } from '../support/snmp-decoding.ts';
import { StandingEngine } from '../support/snmp-v3.ts';

const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';
const VARBIND = ['1.3.6.1.2.1.2.2.1.1.3', 'i', '3'];
const V3 = [
  '-v',
  '3',
  '-u',
  'ops',
  '-l',
  'authPriv',
  '-a',
  'SHA-256',
  '-A',
  'an auth phrase',
  '-x',
  'AES',
  '-X',
  'a privacy phrase',
];
const USERS = [
  {
    name: 'ops',
    auth: { protocol: 'SHA-256', password: 'an auth phrase' },
    privacy: { protocol: 'AES', password: 'a privacy phrase' },
  },
] as const;

let folder: string;
let socket: Socket;
let decoding: SnmpDecoding;
/** Informs are accepted as soon as so many datagrams of PDUs came. */
let acceptAfter = 1;
let received = 0;

before(async () => {
  folder = await temporaryDirectory();
  isolateNetSnmp(folder);
  socket = createSocket('udp4', receive);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
});

after(() => socket.close());

for (const version of ['1', '2c', '3']) {
  test(`snmptrap of version ${version} becomes a row`, { skip: skipWithout('snmptrap') }, async () => {
    begin();
    const arrived = once(socket, 'message');
    const trap = version === '1' ? ['1.3.6.1.4.1.99999', '198.51.100.7', '2', '0', '42'] : ['42', LINK_DOWN];
    await run('snmptrap', version, [...trap, ...VARBIND]);
    await arrived;
    const [row, ...others] = decoding.rows();
    assert.equal(others.length, 0);
    assert.deepEqual(
      [row?.['pdu'], row?.['version'], row?.['trap_oid'], row?.['uptime']],
      ['t', Number(version[0]), LINK_DOWN, 42],
    );
    assert.deepEqual(varbindsOf(row), [{ oid: VARBIND[0], type: 'Integer', value: 3 }]);
    if (version === '3') assert.deepEqual([row?.['security_name'], row?.['security_level']], ['ops', 'p']);
  });
}

for (const version of ['2c', '3']) {
  test(`snmpinform of version ${version} is content with our answer`, { skip: skipWithout('snmpinform') }, async () => {
    begin();
    await run('snmpinform', version, ['42', LINK_DOWN, ...VARBIND]);
    assert.deepEqual(
      decoding.rows().map((row) => row['pdu']),
      ['i'],
    );
    assert.equal(decoding.decoder.totals.acknowledged, 1);
  });

  test(
    `snmpinform of version ${version} retransmits until its row is safe, and that is stored once`,
    { skip: skipWithout('snmpinform') },
    async () => {
      begin(3);
      await run('snmpinform', version, ['42', LINK_DOWN, ...VARBIND], ['-r', '20', '-t', '0.3']);
      const { informs, informRetransmissions, acknowledged } = decoding.decoder.totals;
      assert.equal(decoding.rows().length, 1);
      assert.equal(informs, 1);
      assert.ok(informRetransmissions >= 2);
      assert.ok(acknowledged >= 1);
    },
  );
}

test('PostgreSQL takes rows of whatever is in varbinds, and keeps all digits', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  try {
    const rows = startSnmpDecoding({ rawPerMinute: 1000, rawPerMinutePerSource: 1000 });
    const good = v2Message([varbind('46 09 00 ff ff ff ff ff ff ff ff')]);
    rows.feed(good);
    for (let byte = 0; byte < 256; byte += 1) {
      const text = Buffer.from([0x41, byte, 0x42]);
      rows.feed(
        v2Message([varbind(ber(4, text)), varbind(ber(4, text, 'f0 9f 98 80')), varbind(ber(byte & 0x1e, text))]),
      );
    }
    for (const float of ['7f c0 00 00', 'ff 80 00 00', '00 00 00 01', '7f 7f ff ff', '80 00 00 00']) {
      rows.feed(v2Message([varbind(ber(0x44, '9f 78 04', float))]));
    }
    rows.feed(good.subarray(0, 30));
    const columns = SNMP_TRAPS.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    await client.query('CREATE TEMPORARY TABLE arrived (LIKE snmp_traps)');
    const sql = `COPY arrived (${columns}) FROM STDIN (FORMAT binary)`;
    await copyRows(client, sql, rows.sink.bytes.subarray(0, rows.sink.position));
    const { rows: found } = await client.query(
      "SELECT count(*)::int AS count, min(varbinds->0->>'value') FILTER (WHERE varbinds->0->>'type' = 'Counter64') AS counter FROM arrived",
    );
    assert.deepEqual(found, [{ count: rows.sink.rows, counter: '18446744073709551615' }]);
  } finally {
    await disconnect(client);
    await database.stop();
  }
});

/** A fresh decoder behind the socket. */
function begin(accept = 1): void {
  const security = new UsmProcessor({ users: USERS }, new StandingEngine());
  decoding = startSnmpDecoding({}, { security });
  acceptAfter = accept;
  received = 0;
}

function receive(bytes: Buffer, sender: { address: string; port: number }): void {
  const { replies, acceptance, decoder } = decoding;
  decoding.feed(bytes, { sourceAddress: sender.address, sourcePort: sender.port, receivedAtMicros: Date.now() * 1000 });
  const { informs, informRetransmissions } = decoder.totals;
  received = informs + informRetransmissions;
  if (received >= acceptAfter) acceptance.settle(true);
  for (const { bytes: answer, to } of replies.splice(0)) socket.send(answer, to.port, to.address);
}

async function run(
  tool: string,
  version: string,
  notification: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  const security = version === '3' ? V3 : ['-v', version, '-c', 'public'];
  const { port } = socket.address();
  const { code, output } = await runTool(tool, [...security, ...more, `127.0.0.1:${port}`, ...notification], folder);
  assert.equal(code, 0, output);
}

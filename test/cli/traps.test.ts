import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertBatch } from '../../storage/database/insert-batch.ts';
import { coverTimes } from '../../storage/database/partitions.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { trapBatch, trapRow } from '../support/trap-rows.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const WHEN = ['--from', '2026-03-01T12:00:00Z', '--to', '2026-03-01T12:10:00Z'];
/** Of an enterprise that nobody knows, with a number beyond 2^53 and a text with an escape in it. */
const OWN = JSON.stringify([
  { oid: '1.3.6.1.4.1.99999.1.1.0', type: 'Counter64', value: 0 },
  { oid: '1.3.6.1.4.1.99999.1.2.0', type: 'OctetString', value: 'evil \u001B[2J\u202E' },
]).replace('"value":0', '"value":18446744073709551615');

let client: DatabaseClient;
let env: Record<string, string>;

before(async () => {
  const { address, connectionString } = await startTestDatabase();
  env = { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), TZ: 'UTC', DOGWATCH_DATABASE__URL: connectionString };
  client = await connect(address);
  await insertRows(client, 'snmp_traps', [
    trapRow('2026-03-01T12:01:00Z'),
    trapRow('2026-03-01T12:02:00.5Z', {
      device: '192.0.2.9',
      agent_address: '198.51.100.7',
      version: 3,
      security_level: 'p',
      security_name: 'ops',
      engine_id: '80007ed901',
      trap_oid: '1.3.6.1.4.1.99999.0.1',
      trap_name: null,
      varbinds: OWN,
      flags: '{boots-zero}',
    }),
    trapRow('2026-03-01T12:03:00Z', {
      pdu: 'u',
      trap_oid: null,
      trap_name: null,
      varbinds: null,
      uptime: null,
      request_id: null,
      reason: 'truncated',
      raw: '\\x3082ff',
    }),
    trapRow('2026-03-01T12:04:00Z', {
      version: 1,
      trap_oid: '1.3.6.1.6.3.1.1.5.4',
      trap_name: 'IF-MIB::linkUp',
      varbinds: '[]',
      security_name: 'lab',
    }),
  ]);
});

interface Answer {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

function dogwatch(...parameters: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, 'traps', ...parameters], { env, cwd: tmpdir() }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('a trap is a line, in the order of time, with nothing that a terminal obeys', async () => {
  const { code, out, err } = await dogwatch(...WHEN);
  assert.equal(code, 0, err);
  assert.deepEqual(out.split('\n'), [
    '2026-03-01 12:01:00.000 192.0.2.1 linkDown ifIndex.3=3 ifOperStatus.3=down(2) ifDescr.3="Gi1/0/3 \\"up\\""',
    '2026-03-01 12:02:00.500 192.0.2.9 for 198.51.100.7 enterprises.99999.0.1 enterprises.99999.1.1.0=18446744073709551615 enterprises.99999.1.2.0="evil \\u001b[2J\\u202E" [boots-zero]',
    '2026-03-01 12:03:00.000 192.0.2.1                  undecodable truncated, 3 bytes (--raw)',
    '2026-03-01 12:04:00.000 192.0.2.1                  linkUp',
    '',
  ]);
  assert.match(err, /^4 traps from 2026/m);
});

test('long, each varbind has a line, and the message says how it came', async () => {
  const { out } = await dogwatch(...WHEN, '--long', '--user', 'ops');
  assert.deepEqual(out.split('\n').slice(0, 3), [
    '2026-03-01 12:02:00.500 192.0.2.9 for 198.51.100.7 enterprises.99999.0.1',
    '    trap of version 3, user ops, level authPriv, engine 80007ed901, OID 1.3.6.1.4.1.99999.0.1, uptime 00:00:42, flags boots-zero',
    '    SNMPv2-SMI::enterprises.99999.1.1.0 = Counter64: 18446744073709551615',
  ]);
});

test('JSON keeps every digit, CSV the same columns, and --raw the bytes of what could not be decoded', async () => {
  const { out } = await dogwatch(...WHEN, '--json', '--device', '192.0.2.9');
  assert.match(out, /"value":18446744073709551615[,}]/);
  assert.ok(!out.includes('\u001B'));
  const row: unknown = JSON.parse(out);
  assert.deepEqual(Object.keys(Object(row)).slice(0, 3), ['received_at', 'uptime', 'request_id']);
  const csv = await dogwatch(...WHEN, '--csv', '--pdu', 'undecodable');
  assert.match(
    csv.out,
    /^received_at,uptime,.*,reason,raw\b.*\r\n2026-03-01T12:03:00\.000000Z,.*,truncated,\\x3082ff\b.*\r\n$/,
  );
  assert.equal((await dogwatch(...WHEN, '--raw')).out, '3082ff\n');
});

test('a MIB file that was found later names what was stored before, and finds it', async (context) => {
  const mibs = folderWith(context, MIB);
  const { out, err } = await dogwatch(
    ...WHEN,
    '--mibs',
    mibs,
    '--trap',
    'pierShut',
    '--varbind',
    'pierCount=184467440737095516*',
  );
  assert.match(out, /192\.0\.2\.9 for 198\.51\.100\.7 pierShut pierCount\.0=18446744073709551615/, err);
  const json = await dogwatch(...WHEN, '--mibs', mibs, '--trap', 'PIER-MIB::pier*', '--json');
  assert.match(json.out, /"trap_name":"PIER-MIB::pierShut"/);
  assert.match(json.out, /"name":"PIER-MIB::pierCount\.0"/);
});

test('a wrong question exits with 2 and says what is right, a folder that is none with 1', async () => {
  const wrong: [string[], number, RegExp][] = [
    [['--device', 'core-1'], 2, /is no address or prefix/],
    [['--version', '4'], 2, /--version: "4" is none of them\n.*2c/],
    [['--pdu', 'get'], 2, /trap, inform, undecodable/],
    [['--varbind', '=3'], 2, /names no object/],
    [['--match', ''], 2, /nothing to look for/],
    [['--mibs', '/nowhere'], 1, /there is no folder \/nowhere/],
  ];
  for (const [parameters, expected, problem] of wrong) {
    const { code, err } = await dogwatch(...parameters);
    assert.equal(code, expected, `${parameters.join(' ')}: ${err}`);
    assert.match(err, problem);
  }
});

test('following shows what is there, then what comes, and ends with Ctrl-C', { timeout: 60_000 }, async (context) => {
  const now = Date.now() * 1000;
  await coverTimes(client, 'snmp_traps', [now], 'hour');
  await insertBatch(client, trapBatch({ received_at: now, trap_oid: '1.3.6.1.6.3.1.1.5.1' }), 'a');
  const child = spawn(process.execPath, [LAUNCHER, 'traps', '--follow', '--trap', 'coldStart,warmStart'], {
    env,
    cwd: tmpdir(),
  });
  context.after(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += String(data)));
  while (!out.includes('coldStart\n')) await once(child.stdout, 'data');
  const later = ['1.3.6.1.6.3.1.1.5.3', '1.3.6.1.6.3.1.1.5.2'];
  await insertBatch(client, trapBatch(...later.map((oid) => ({ received_at: now + 1, trap_oid: oid }))), 'a');
  while (!out.includes('warmStart\n')) await once(child.stdout, 'data');
  assert.ok(!out.includes('linkDown'));
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

const MIB = `PIER-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM SNMPv2-SMI Counter64 FROM SNMPv2-SMI;
pier OBJECT IDENTIFIER ::= { enterprises 99999 }
pierObjects OBJECT IDENTIFIER ::= { pier 1 }
pierCount OBJECT-TYPE SYNTAX Counter64 ::= { pierObjects 1 }
pierShut NOTIFICATION-TYPE OBJECTS { pierCount } STATUS current DESCRIPTION "" ::= { pier 0 1 }
END
`;

function folderWith(context: TestContext, mib: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mibs-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'PIER-MIB'), mib);
  return folder;
}

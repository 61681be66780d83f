import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ethernet, hex, ipv4, pcap, udp } from '../traffic/capture-bytes.ts';

const DOGWATCH = join(import.meta.dirname, '../../src/cli/dogwatch.mjs');

// NetFlow v5 by Cisco's layout: uptime 1 h, one record of 3 packets and 4,321 bytes, TCP, sampling 1 in 100.
const NETFLOW5 = hex(
  '0005 0001 0036ee80 6553f100 00000000 00000007 00 01 4064' +
    'c0000201 c6336402 00000000 0001 0002 00000003 000010e1 0036d710 0036da98 c001 01bb 00 1b 06 00 fde8 0000 18 18 0000',
);

function write(context: TestContext, name: string, bytes: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'inspect-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

test('a record of a capture comes out as JSON, with times in RFC 3339', (context) => {
  const bytes = ethernet('0800', ipv4(udp(9999, 2055, NETFLOW5)));
  const file = write(context, 'a.pcap', pcap('LE', 0xa1b2c3d4, 1, [{ seconds: 1_700_000_001, fraction: 5, bytes }]));
  const row = JSON.parse(execFileSync(process.execPath, [DOGWATCH, 'inspect', file, '--json'], { encoding: 'utf8' }));
  assert.equal(row.kind, 'flow');
  assert.equal(row.received_at, '2023-11-14T22:13:21.000005Z');
  assert.equal(row.exporter, '192.0.2.1');
  assert.equal(row.flow_start, '2023-11-14T22:13:14.000000Z'); // 6 s before the export
  assert.deepEqual(
    [row.bytes, row.packets, row.src_port, row.dst_port, row.sampling_rate, row.sampling_source],
    [4321, 3, 49_153, 443, 100, 'h'],
  );
});

test('a bare payload is shown as a table', (context) => {
  const file = write(context, 'payload.bin', NETFLOW5);
  const text = execFileSync(process.execPath, [DOGWATCH, 'inspect', file], { encoding: 'utf8' });
  assert.match(text, /192\.0\.2\.1:49153 +198\.51\.100\.2:443 +tcp +4321 +3 +1 +2 +1:100 \(h\)/);
  assert.match(text, /1 datagrams, 1 records, .* 0 troubles/);
});

test('what cannot be decoded is shown with its reason and first bytes, and told by the exit code', (context) => {
  const file = write(context, 'payload.bin', hex('0009 0001 00000000 00000000'));
  const { stdout, status } = spawnSync(process.execPath, [DOGWATCH, 'inspect', file], { encoding: 'utf8' });
  assert.match(stdout, /1 × truncated_header from .*\n +000900010000000000000000/);
  assert.equal(status, 1);
});

test('syslog of a capture is shown parsed, with its bytes where the text cannot hold them', (context) => {
  const payloads: [number, string][] = [
    [514, '<34>Oct 11 22:14:15 mymachine su: lonvick \xff'],
    [40_000, '<189>20: rtr1: 634: .Mar  5 11:22:33: %SYS-5-CONFIG_I: Configured from console'],
    [5514, 'no priority here'],
    [53, '<no syslog>'],
  ];
  const packets = payloads.map(([port, text], index) => ({
    seconds: 1_700_000_000 + index,
    fraction: 0,
    bytes: ethernet('0800', ipv4(udp(9999, port, Buffer.from(text, 'latin1')))),
  }));
  const file = write(context, 'logs.pcap', pcap('LE', 0xa1b2c3d4, 1, packets));
  const json = execFileSync(process.execPath, [DOGWATCH, 'inspect', file, '--json'], { encoding: 'utf8' });
  const rows = json
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    rows.map((row) => [row.kind, row.facility, row.severity, row.hostname, row.app_name, row.mnemonic, row.reason]),
    [
      ['message', 4, 2, 'mymachine', 'su', null, null],
      ['message', 23, 5, 'rtr1', '%SYS-5-CONFIG_I', 'SYS-5-CONFIG_I', null],
      ['message', null, null, null, null, null, 'no header'],
    ],
  );
  assert.equal(rows[0].raw, Buffer.from(payloads[0]?.[1] ?? '', 'latin1').toString('hex'));
  assert.equal(rows[1].fields.sequence, '20');
  const { stdout, status } = spawnSync(process.execPath, [DOGWATCH, 'inspect', file], { encoding: 'utf8' });
  assert.match(stdout, /192\.0\.2\.1 +notice +rtr1 +%SYS-5-CONFIG_I +cisco +SYS-5-CONFIG_I +Configured from console/);
  assert.match(stdout, /3 syslog messages, 1 without a header, 1 not valid text\n1 other UDP datagrams passed over/);
  assert.equal(status, 0);
});

test('text is a message where its port is asked for, and what is none is judged as flows', (context) => {
  const text = write(context, 'message.txt', Buffer.from('link of port 7 is down'));
  assert.match(execFileSync(process.execPath, [DOGWATCH, 'inspect', text], { encoding: 'utf8' }), /link of port 7/);
});

// coldStart of version 2c, community public, uptime 42: RFC 3416 section 3 by hand.
const COLD_START = hex(
  '3040 020101 0406 7075626c6963 a733 020107 020100 020100 3028' +
    '300d 0608 2b06010201010300 43012a 3017 060a 2b060106030101040100 0609 2b0601060301010501',
);

test('a trap is shown with its name, and is a trap in JSON', (context) => {
  const bytes = ethernet('0800', ipv4(udp(40_000, 10_162, COLD_START)));
  const file = write(context, 'trap.pcap', pcap('LE', 0xa1b2c3d4, 1, [{ seconds: 1_700_000_001, fraction: 5, bytes }]));
  const row = JSON.parse(execFileSync(process.execPath, [DOGWATCH, 'inspect', file, '--json'], { encoding: 'utf8' }));
  assert.deepEqual(
    [row.kind, row.device, row.version, row.uptime, row.trap_oid],
    ['trap', '192.0.2.1', 2, 42, '1.3.6.1.6.3.1.1.5.1'],
  );
  const text = execFileSync(process.execPath, [DOGWATCH, 'inspect', file], { encoding: 'utf8' });
  assert.match(text, /192\.0\.2\.1 v2c trap SNMPv2-MIB::coldStart$/m);
  assert.match(text, /^1 SNMP notifications$/m);
});

test('of SNMPv3 that is encrypted the header is shown', (context) => {
  // msgID 5, flags authPriv; engine 80007ed901, boots 3, time 4, user "ops", a digest of 12 and a salt of 8 octets.
  const header = '300e 020105 020300ffe3 0401 03 020103';
  const security =
    '042c 302a 0405 80007ed901 020103 020104 0403 6f7073 040c 000000000000000000000000 0408 0000000000000000';
  const message = hex(`3047 020103 ${header} ${security} 0404 01020304`.replaceAll(' ', ''));
  const file = write(context, 'v3.bin', message);
  const { stdout } = spawnSync(process.execPath, [DOGWATCH, 'inspect', file, '--json'], { encoding: 'utf8' });
  const { kind, user, level, engine_id, engine_boots, engine_time, encrypted } = JSON.parse(stdout);
  assert.deepEqual(
    { kind, user, level, engine_id, engine_boots, engine_time, encrypted },
    {
      kind: 'v3-header',
      user: 'ops',
      level: 'authPriv',
      engine_id: '80007ed901',
      engine_boots: 3,
      engine_time: 4,
      encrypted: true,
    },
  );
});

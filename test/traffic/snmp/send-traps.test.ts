import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sendTraps } from '../../../src/traffic/snmp/send-traps.ts';
import { createTrapLoad } from '../../../src/traffic/snmp/trap-load.ts';
import { varbindsOf } from '../../support/snmp-decoding.ts';
import { CollectingSocket } from '../collecting-socket.ts';
import { numbersOf, ReceivingEngine } from './receiving-engine.ts';

const LIMIT = { timeout: 30_000 };
const USER = {
  name: 'ops',
  auth: { protocol: 'SHA-256', password: 'an auth pass phrase' },
  privacy: { protocol: 'AES', password: 'a privacy pass phrase' },
} as const;

/** So many, as fast as it goes. */
const all = (count: number) => ({ trapsPerSecond: Infinity, durationMs: 20_000, limit: count });
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

async function receiver(context: TestContext, options?: Parameters<typeof ReceivingEngine.open>[0]) {
  const engine = await ReceivingEngine.open(options);
  context.after(() => engine.close());
  return engine;
}

for (const version of [1, 2, 3] as const) {
  test(`of version ${version} each number arrives once, from as many ports as devices`, LIMIT, async (context) => {
    const engine = await receiver(context, { users: [USER] });
    // Numbers of one octet and of two: from 128 on an Unsigned32 takes another.
    const load = createTrapLoad({ version, pdu: 'trap', devices: 7, user: version === 3 ? USER : undefined });
    const report = await sendTraps(load, { target: engine.target, ...all(300) });
    const rows = await engine.stored(300);
    assert.deepEqual(numbersOf(rows), upTo(300));
    assert.equal(engine.ports.size, 7);
    assert.deepEqual([report.traps, report.acknowledged, report.notWritten, report.errors], [300, null, 0, {}]);
    assert.deepEqual([report.firstSequence, report.lastSequence], [0, 299]);
    assert.deepEqual(new Set(rows.map((row) => row['version'])), new Set([version]));
    assert.deepEqual(new Set(rows.map((row) => row['flags'])), new Set([null]));
    assert.equal(
      Object.values(report.kinds).reduce((sum, count) => sum + count, 0),
      300,
    );
    assert.equal(engine.decoding.troubles.length, 0);
  });
}

test('a coldStart of version 2c is these bytes, but for uptime and request-id', LIMIT, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const load = createTrapLoad({ version: 2, pdu: 'trap', devices: 1, kind: 'coldStart', community: 'lab' });
  await sendTraps(load, { target: collector.target, ...all(1) });
  const [received] = await collector.arrived(1);
  // SEQUENCE, version 1 (v2c), "lab", SNMPv2-Trap-PDU, request-id, 0, 0; sysUpTime.0, snmpTrapOID.0 = coldStart,
  // 1.3.6.1.4.1.32473.1.1.0 = Unsigned32 0 (32473 is 1·128² + 125·128 + 89). Lengths of what holds others depend on the request-id.
  const expected = [
    '30 .. 020101 0403 6c6162 a7 .. 02 0[1-4] (?:..){1,4} 020100 020100 30 3c',
    '30 0f 06 08 2b06010201010300 43 03 (?<uptime>.{6})',
    '30 17 06 0a 2b060106030101040100 06 09 2b0601060301010501',
    '30 10 06 0b 2b0601040181fd59010100 42 01 00',
  ];
  const match = new RegExp(`^${expected.join('').replaceAll(' ', '')}$`).exec(received?.bytes.toString('hex') ?? '');
  // Up for an hour: 360,000 hundredths of a second, and what passed since.
  const uptime = Number.parseInt(match?.groups?.['uptime'] ?? '', 16);
  assert.ok(uptime >= 360_000 && uptime < 370_000, received?.bytes.toString('hex'));
});

test('an OID of one’s own is sent as that trap, in version 1 by enterprise and number', LIMIT, async (context) => {
  const engine = await receiver(context);
  const kind = '1.3.6.1.4.1.9.9.43.2.0.1';
  await sendTraps(createTrapLoad({ version: 1, pdu: 'trap', devices: 1, kind }), { target: engine.target, ...all(1) });
  const [row] = await engine.stored(1);
  assert.deepEqual(
    [row?.['enterprise'], row?.['generic_trap'], row?.['specific_trap'], row?.['trap_oid']],
    ['1.3.6.1.4.1.9.9.43.2', 6, 1, kind],
  );
});

test('the same seed gives the same notifications', LIMIT, async (context) => {
  const engine = await receiver(context);
  for (const seed of [5, 5, 6]) {
    const load = createTrapLoad({ version: 2, pdu: 'trap', devices: 1, kind: 'linkDown', seed });
    await sendTraps(load, { target: engine.target, ...all(20) });
  }
  const interfaces = (await engine.stored(60)).map((row) => varbindsOf(row)[0]?.value);
  assert.deepEqual(interfaces.slice(0, 20), interfaces.slice(20, 40));
  assert.notDeepEqual(interfaces.slice(0, 20), interfaces.slice(40));
});

for (const version of [2, 3] as const) {
  test(`informs of version ${version} that are lost are sent again, and stored once`, LIMIT, async (context) => {
    // The first of version 3 asks who the receiver is, and is asked again.
    const engine = await receiver(context, { users: [USER], loses: (number) => number % 3 === 0 });
    const load = createTrapLoad({ version, pdu: 'inform', devices: 4, user: version === 3 ? USER : undefined });
    const options = { target: engine.target, patience: { timeoutMs: 50, retries: 20 }, ...all(60) };
    const report = await sendTraps(load, options);
    assert.deepEqual([report.traps, report.acknowledged, report.unanswered, report.refused], [60, 60, 0, 0]);
    assert.ok((report.resent ?? 0) > 0);
    const rows = await engine.stored(60);
    assert.deepEqual(numbersOf(rows), upTo(60));
    assert.deepEqual(new Set(rows.map((row) => row['pdu'])), new Set(['i']));
  });
}

test('an inform follows the receiver’s clock when that says it is outside of the window', LIMIT, async (context) => {
  const engine = await receiver(context, { users: [USER] });
  const load = createTrapLoad({ version: 3, pdu: 'inform', devices: 1, user: USER });
  const first = await sendTraps(load, { target: engine.target, ...all(1) });
  engine.engine.boots += 1;
  engine.engine.seconds = 5;
  const second = await sendTraps(load, { target: engine.target, ...all(1) });
  assert.deepEqual([first.acknowledged, second.acknowledged], [1, 1]);
  assert.deepEqual(second.reports, { notInTimeWindows: 1 });
});

test('a wrong pass phrase is told by the receiver’s report, at once', LIMIT, async (context) => {
  const engine = await receiver(context, { users: [USER] });
  const user = { ...USER, auth: { protocol: 'SHA-256', password: 'another pass phrase' } } as const;
  const load = createTrapLoad({ version: 3, pdu: 'inform', devices: 1, user });
  const report = await sendTraps(load, { target: engine.target, patience: { timeoutMs: 20_000 }, ...all(3) });
  assert.deepEqual([report.acknowledged, report.refused, report.resent], [0, 3, 0]);
  assert.deepEqual(report.reports, { wrongDigests: 3 });
});

test('informs to a port where nobody listens are counted as unanswered', LIMIT, async () => {
  const engine = await ReceivingEngine.open();
  const { target } = engine;
  engine.close();
  const patience = { timeoutMs: 20, retries: 1 };
  const load = createTrapLoad({ version: 2, pdu: 'inform', devices: 1 });
  const report = await sendTraps(load, { target, patience, ...all(2) });
  assert.deepEqual([report.acknowledged, report.unanswered], [0, 2]);
  const v3 = createTrapLoad({ version: 3, pdu: 'inform', devices: 1, user: USER });
  await assert.rejects(sendTraps(v3, { target, patience, ...all(2) }), { code: 'NO_ANSWER' });
});

test('what makes no sense is refused in words', () => {
  const refused = { code: 'USAGE' };
  assert.throws(() => createTrapLoad({ version: 1, pdu: 'inform', devices: 1 }), refused);
  assert.throws(() => createTrapLoad({ version: 3, pdu: 'trap', devices: 1 }), refused);
  assert.throws(() => createTrapLoad({ version: 2, pdu: 'trap', devices: 1, kind: 'linkSideways' }), refused);
  const user = { name: 'ops', level: 'authPriv' } as const;
  assert.throws(() => createTrapLoad({ version: 3, pdu: 'trap', devices: 1, user }), refused);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createTally, readPcap, readPcapFile } from '../../src/traffic/pcap.ts';
import { block, ethernet, hex, ipv4, ipv6, pcap, udp, words } from './capture-bytes.ts';

const payload = Buffer.from('dogwatch');
const datagram = udp(40_000, 2055, payload);
const DLT_RAW = 101;
function only<T>(values: Iterable<T>): T {
  const [first, ...others] = values;
  assert.ok(first !== undefined && others.length === 0);
  return first;
}

test('pcap is read in both byte orders and with micro- and nanoseconds', () => {
  for (const order of ['LE', 'BE'] as const) {
    for (const [magic, fraction] of [
      [0xa1b2c3d4, 123_456],
      [0xa1b23c4d, 123_456_000],
    ] as const) {
      const bytes = pcap(order, magic, DLT_RAW, [{ seconds: 1_700_000_000, fraction, bytes: ipv4(datagram) }]);
      assert.deepEqual(only(readPcap(bytes)), {
        timeMicros: 1_700_000_000_123_456,
        sourceAddress: '192.0.2.1',
        sourcePort: 40_000,
        destinationAddress: '198.51.100.2',
        destinationPort: 2055,
        payload,
      });
    }
  }
});

test('the IP packet is found behind every supported link layer', () => {
  const packet = ipv4(datagram);
  const cooked = hex('0000000100060200000000010000 0800');
  const cooked2 = hex('0800 0000000000010001000602000000000100 00');
  const frames: [string, number, Buffer][] = [
    ['ethernet', 1, ethernet('0800', packet)],
    ['ethernet with padding', 1, ethernet('0800', Buffer.concat([packet, Buffer.alloc(10)]))],
    ['802.1Q', 1, ethernet('8100 0064 0800', packet)],
    ['QinQ', 1, ethernet('88a8 0064 8100 00c8 0800', packet)],
    ['Linux cooked', 113, Buffer.concat([cooked, packet])],
    ['Linux cooked 2', 276, Buffer.concat([cooked2, packet])],
    ['raw', 101, packet],
    ['null', 0, Buffer.concat([hex('02000000'), packet])],
    ['loopback', 108, Buffer.concat([hex('00000002'), packet])],
  ];
  for (const [name, linkType, bytes] of frames) {
    const capture = pcap('LE', 0xa1b2c3d4, linkType, [{ seconds: 1, fraction: 0, bytes }]);
    assert.deepEqual(only(readPcap(capture)).payload, payload, name);
  }
});

test('IPv4 options and IPv6 extension headers are walked', () => {
  const hopByHop = hex('3c00010400000000'); // next: destination options
  const destinationOptions = hex('1100010400000000'); // next: UDP
  const bytes = pcap('LE', 0xa1b2c3d4, DLT_RAW, [
    { seconds: 1, fraction: 0, bytes: ipv4(datagram, { options: hex('94040000') }) },
    { seconds: 1, fraction: 0, bytes: ipv6(0, Buffer.concat([hopByHop, destinationOptions, datagram])) },
  ]);
  const [four, six] = [...readPcap(bytes)];
  assert.deepEqual(four?.payload, payload);
  assert.deepEqual(six?.payload, payload);
  assert.equal(six?.sourceAddress, '2001:db8::1');
  assert.equal(six?.destinationAddress, '2001:db8:0:1::2');
});

test('fragments are put together, also out of order, IPv4 and IPv6', () => {
  const long = udp(1, 2055, Buffer.alloc(40, 'x'));
  const fragment6 = (offset: number, more: number, part: Buffer) =>
    ipv6(44, Buffer.concat([Buffer.from([17, 0, 0, offset | more, 0, 0, 0, 7]), part]));
  const packets = [
    ipv4(long.subarray(24), { flagsAndOffset: 3 }),
    ipv4(long.subarray(0, 24), { flagsAndOffset: 0x2000 }),
    fragment6(0, 1, long.subarray(0, 24)),
    fragment6(24, 0, long.subarray(24)),
  ];
  const tally = createTally();
  const capture = pcap(
    'LE',
    0xa1b2c3d4,
    DLT_RAW,
    packets.map((bytes) => ({ seconds: 1, fraction: 0, bytes })),
  );
  const found = [...readPcap(capture, tally)];
  assert.equal(found.length, 2);
  for (const { payload } of found) assert.deepEqual(payload, Buffer.alloc(40, 'x'));
  assert.deepEqual([...tally.skipped], [['fragment, waiting for the rest', 2]]);
});

test('fragments that are never completed do not add up', () => {
  const packets = Array.from({ length: 5000 }, (_, index) => {
    const bytes = ipv4(datagram, { flagsAndOffset: 0x2000 });
    bytes.writeUInt16BE(index, 4);
    return { seconds: 1, fraction: 0, bytes };
  });
  assert.equal([...readPcap(pcap('LE', 0xa1b2c3d4, DLT_RAW, packets))].length, 0);
});

for (const order of ['LE', 'BE'] as const) {
  test(`pcapng ${order}: enhanced, simple and obsolete packet blocks, with the resolution of their interface`, () => {
    const packet = ipv4(datagram); // 36 bytes
    const linkRaw = order === 'LE' ? words(order, DLT_RAW, 0) : words(order, DLT_RAW << 16, 0);
    // if_tsresol = 9 (nanoseconds): code 9, length 1
    const nanoseconds = order === 'LE' ? hex('0900010009000000') : hex('0009000109000000');
    const ticks = 1_700_000_000_123_456_789n;
    const high = Number(ticks >> 32n);
    const low = Number(ticks & 0xffffffffn);
    const capture = Buffer.concat([
      block(
        order,
        0x0a0d0d0a,
        Buffer.concat([words(order, 0x1a2b3c4d, order === 'LE' ? 1 : 1 << 16), Buffer.alloc(8, 0xff)]),
      ),
      block(order, 1, Buffer.concat([linkRaw, nanoseconds])),
      block(order, 5, Buffer.alloc(12)), // interface statistics: passed over
      block(order, 6, Buffer.concat([words(order, 0, high, low, packet.length, packet.length), packet])),
      block(order, 3, Buffer.concat([words(order, packet.length), packet])),
      block(order, 2, Buffer.concat([words(order, 0, high, low, packet.length, packet.length), packet])),
    ]);
    const times = [...readPcap(capture)].map((found) => found.timeMicros);
    assert.deepEqual(times, [1_700_000_000_123_456, 1_700_000_000_123_456, 1_700_000_000_123_456]);
  });
}

test('a compressed file is read piece by piece as at once', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'pcap-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const packets = Array.from({ length: 40_000 }, (_, index) => ({
    seconds: index,
    fraction: 0,
    bytes: ipv4(udp(index & 0xffff, 2055, payload)),
  }));
  const capture = pcap('LE', 0xa1b2c3d4, DLT_RAW, packets);
  writeFileSync(join(folder, 'a.pcap.gz'), gzipSync(capture));
  let sum = 0;
  for await (const found of readPcapFile(join(folder, 'a.pcap.gz'))) sum += found.timeMicros / 1_000_000;
  assert.equal(sum, (39_999 * 40_000) / 2);
  assert.equal([...readPcap(gzipSync(capture))].length, 40_000);
});

test('a capture that ends within a packet gives what came before, and says where it ended', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'pcap-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const packet = { seconds: 1, fraction: 0, bytes: ipv4(datagram) };
  const capture = pcap('LE', 0xa1b2c3d4, DLT_RAW, [packet, packet]).subarray(0, -3);
  const tally = createTally();
  assert.equal([...readPcap(capture, tally)].length, 1);
  assert.match(tally.problem ?? '', /ends within a packet \(49 bytes left\), at byte 76/);
  writeFileSync(join(folder, 'cut.pcap.gz'), gzipSync(capture).subarray(0, -12));
  const streamed = createTally();
  for await (const found of readPcapFile(join(folder, 'cut.pcap.gz'), streamed))
    assert.deepEqual(found.payload, payload);
  assert.notEqual(streamed.problem, undefined);
});

test('what is no capture is refused with the bytes that it begins with', async () => {
  assert.throws(() => [...readPcap(Buffer.from('hello, world'))], {
    code: 'NOT_A_CAPTURE',
    message: /68656c6c6f2c2077/,
  });
  assert.throws(() => [...readPcap(Buffer.alloc(0))], { code: 'NOT_A_CAPTURE' });
  await assert.rejects(
    async () => {
      for await (const found of readPcapFile('/does/not/exist.pcap')) assert.fail(`read ${found.payload.length} bytes`);
    },
    { code: 'FILE_UNREADABLE' },
  );
});

test('damaged packets and lengths are counted by reason and never thrown', () => {
  const tally = createTally();
  const good = ipv4(datagram);
  const capture = pcap('LE', 0xa1b2c3d4, 1, [
    { seconds: 1, fraction: 0, bytes: ethernet('0800', good.subarray(0, 30)), originalLength: 50 },
    { seconds: 1, fraction: 0, bytes: ethernet('0800', good.subarray(0, 30)) },
    { seconds: 1, fraction: 0, bytes: ethernet('0806', good) },
    { seconds: 1, fraction: 0, bytes: ethernet('0800', ipv4(datagram, { protocol: 6 })) },
  ]);
  assert.deepEqual([...readPcap(capture, tally)], []);
  assert.deepEqual(Object.fromEntries(tally.skipped), {
    'cut by the capture': 1,
    malformed: 1,
    'not IP': 1,
    'not UDP': 1,
  });
});

test('captures with random damage never throw', () => {
  const packets = [ipv4(datagram), ipv6(0, datagram), ipv4(datagram, { flagsAndOffset: 3 })].map((bytes) => ({
    seconds: 1,
    fraction: 0,
    bytes: ethernet(bytes[0] === 0x60 ? '86dd' : '0800', bytes),
  }));
  const good = pcap('LE', 0xa1b2c3d4, 1, packets);
  let state = 1;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 20_000; round += 1) {
    const bad = Buffer.from(good.subarray(0, 24 + random(good.length - 23)));
    for (let hit = 0; hit < 3 && bad.length > 24; hit += 1) bad[20 + random(bad.length - 20)] = random(256);
    assert.ok([...readPcap(bad)].length <= 3);
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { looksLikeFlows } from '../../src/traffic/flow-payload.ts';
import { replayCaptures } from '../../src/traffic/replay.ts';
import { ipv4, pcap, udp } from './capture-bytes.ts';
import { CollectingSocket } from './collecting-socket.ts';

const LINK_RAW = 101;

/** Datagrams to port 2055, `apartMs` apart, from as many source ports in turn, each with its number as payload. */
function capture(context: TestContext, count: number, apartMs: number, sources = 1): string {
  const packets = Array.from({ length: count }, (_, index) => ({
    seconds: 1_700_000_000 + Math.floor((index * apartMs) / 1000),
    fraction: ((index * apartMs) % 1000) * 1000,
    bytes: ipv4(udp(5000 + (index % sources), 2055, Buffer.from(`number ${index}`))),
  }));
  return write(context, pcap('LE', 0xa1b2c3d4, LINK_RAW, packets));
}

function write(context: TestContext, bytes: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.pcap'), bytes);
  return join(folder, 'a.pcap');
}

async function collector(context: TestContext): Promise<CollectingSocket> {
  const opened = await CollectingSocket.open();
  context.after(() => opened.close());
  return opened;
}

test(
  'at full speed all datagrams arrive in order, each source from a port of its own',
  { timeout: 20_000 },
  async (context) => {
    const there = await collector(context);
    const file = capture(context, 600, 1000, 3);
    const report = await replayCaptures({ files: [file], target: there.target, pace: { kind: 'max' } });
    const received = await there.arrived(600);
    assert.equal(report.datagrams, 600);
    assert.equal(report.sources.length, 3);
    for (const { port, localPort } of report.sources) {
      const own = received.filter((each) => each.port === localPort).map(({ bytes }) => bytes.toString());
      assert.deepEqual(
        own,
        Array.from({ length: 200 }, (_, index) => `number ${index * 3 + port - 5000}`),
      );
    }
  },
);

test('the original pace is kept, also sped up', { timeout: 20_000 }, async (context) => {
  const there = await collector(context);
  const file = capture(context, 11, 200); // 2 s
  const pace = { kind: 'original', factor: 10 } as const;
  const report = await replayCaptures({ files: [file], target: there.target, pace });
  await there.arrived(11);
  assert.ok(report.seconds > 0.19, `${report.seconds} s for 2 s at ten times the pace`);
});

test('a rate spreads datagrams evenly, whatever the capture says', { timeout: 20_000 }, async (context) => {
  const there = await collector(context);
  const file = capture(context, 101, 0);
  const pace = { kind: 'rate', datagramsPerSecond: 500 } as const;
  const report = await replayCaptures({ files: [file], target: there.target, pace });
  await there.arrived(101);
  assert.ok(report.seconds > 0.19, `${report.seconds} s for 100 intervals at 500/s`);
});

test(
  'a capture is repeated as often as asked, and only what is chosen is sent',
  { timeout: 20_000 },
  async (context) => {
    const there = await collector(context);
    const file = capture(context, 10, 0, 2);
    const report = await replayCaptures({
      files: [file, file],
      target: there.target,
      pace: { kind: 'max' },
      loops: 3,
      choose: ({ sourcePort }) => sourcePort === 5001,
    });
    assert.equal(report.datagrams, 2 * 3 * 5);
    assert.equal(report.passedOver, 2 * 3 * 5);
    await there.arrived(30);
  },
);

test('original ports are kept where that is asked', { timeout: 20_000 }, async (context) => {
  const there = await collector(context);
  const bytes = ipv4(udp(1234, there.target.port, Buffer.from('here')));
  const file = write(context, pcap('LE', 0xa1b2c3d4, LINK_RAW, [{ seconds: 1, fraction: 0, bytes }]));
  await replayCaptures({
    files: [file],
    target: { ...there.target, port: 9 },
    portMap: 'original',
    pace: { kind: 'max' },
  });
  assert.equal((await there.arrived(1))[0]?.bytes.toString(), 'here');
});

test('each datagram can be sent to a port of its own', { timeout: 20_000 }, async (context) => {
  const [even, odd] = [await collector(context), await collector(context)];
  const isEven = (payload: Buffer) => Number(/\d+$/.exec(payload.toString())) % 2 === 0;
  await replayCaptures({
    files: [capture(context, 20, 0)],
    target: { ...even.target, port: 9 },
    portOf: ({ payload }) => (isEven(payload) ? even.target.port : odd.target.port),
    pace: { kind: 'max' },
  });
  assert.ok((await even.arrived(10)).every(({ bytes }) => isEven(bytes)));
  assert.ok((await odd.arrived(10)).every(({ bytes }) => !isEven(bytes)));
});

test(
  'a replay without end is ended by an interruption, and one of nothing ends by itself',
  { timeout: 20_000 },
  async (context) => {
    const there = await collector(context);
    const file = capture(context, 10, 0);
    const stop = new AbortController();
    const common = { files: [file], target: there.target, loops: Infinity } as const;
    const report = await replayCaptures({
      ...common,
      pace: { kind: 'rate', datagramsPerSecond: 1000 },
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    assert.ok(report.interrupted && report.datagrams > 10);
    const nothing = await replayCaptures({ ...common, pace: { kind: 'max' }, choose: () => false });
    assert.equal(nothing.datagrams, 0);
  },
);

test('a file that is missing is named', async () => {
  const target = { address: '127.0.0.1', port: 9, family: 4 } as const;
  await assert.rejects(replayCaptures({ files: ['/does/not/exist'], target, pace: { kind: 'max' } }), {
    code: 'FILE_UNREADABLE',
    message: /does\/not\/exist/,
  });
});

test('flow datagrams are told from others by how they begin', () => {
  const of = (hex: string) => looksLikeFlows(Buffer.from(hex.padEnd(64, '0'), 'hex'));
  assert.ok(of('00050001'));
  assert.ok(of('00090001'));
  assert.ok(of('000a0020'));
  assert.ok(of('0000000500000001'));
  assert.ok(!of('0000000500000003')); // sFlow knows two kinds of agent addresses
  assert.ok(!of('3c33343e')); // syslog
  assert.ok(!of('30820123')); // SNMP
  assert.ok(!looksLikeFlows(Buffer.from('0005', 'hex')));
});

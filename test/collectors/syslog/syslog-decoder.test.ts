import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SyslogReceived } from '../../../collectors/syslog/received.ts';
import { SyslogDecoder, type SyslogDecoderOptions } from '../../../collectors/syslog/syslog-decoder.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import { MemoryRows } from '../../../src/traffic/memory-rows.ts';

const AT = Date.parse('2026-03-05T11:30:00Z') * 1000;

function setUp(options: SyslogDecoderOptions = {}) {
  const messages = new MemoryRows(SYSLOG_MESSAGES);
  const devices = new MemoryRows(SYSLOG_DEVICES);
  const decoder = new SyslogDecoder(options, { messages, devices, losses: new MemoryRows(LOSSES) });
  const receive = (text: string | Buffer, received: Partial<SyslogReceived> = {}) =>
    decoder.receive(typeof text === 'string' ? Buffer.from(text) : text, {
      sourceAddress: '192.0.2.1',
      transport: 'udp',
      receivedAtMicros: AT,
      cut: false,
      ...received,
    });
  return { decoder, messages, devices, receive };
}

test('a message of RFC 5424 fills its row', () => {
  const { messages, receive } = setUp();
  receive(
    '<165>1 2026-03-05T11:29:58.003Z h.example.org app 42 ID47 [x@32473 a="1" b="say \\"hi\\""][y c="\u00fc"] An event',
    { transport: 'tls', sourceAddress: '2001:db8::7' },
  );
  assert.deepEqual(messages.take(), [
    {
      received_at: AT,
      device_time: Date.parse('2026-03-05T11:29:58.003Z') * 1000,
      clock_offset_ms: null,
      facility: 20,
      severity: 5,
      format: '5',
      transport: 's',
      time_assumed: 'n',
      cut: false,
      device: '2001:db8::7',
      hostname: 'h.example.org',
      app_name: 'app',
      proc_id: '42',
      msg_id: 'ID47',
      vendor: null,
      dialect: null,
      mnemonic: null,
      message: 'An event',
      structured_data: { 'x@32473': { a: '1', b: 'say "hi"' }, y: { c: '\u00fc' } },
      fields: null,
      tags: null,
      reason: null,
      raw: null,
    },
  ]);
});

test('a key that comes twice becomes an array of its values in their order', () => {
  const { messages, receive } = setUp();
  receive('<13>Mar  5 11:29:58 h a=1 b=2 a=3 c="x\ty" a=');
  const [row] = messages.take();
  assert.deepEqual(row!['fields'], { a: ['1', '3', ''], b: '2', c: 'x\ty' });
  assert.equal(row!['time_assumed'], 'b');
});

test('a message that could not be parsed, or is no UTF-8, is kept in its original bytes', () => {
  const { messages, receive, decoder } = setUp();
  receive('no header at all');
  const latin1 = Buffer.from('<13>Mar  5 11:29:58 h tag: caf\xe9', 'latin1');
  receive(latin1, { cut: true });
  const [first, second] = messages.take();
  assert.deepEqual(
    [first!['format'], first!['reason'], first!['message'], String(first!['raw'])],
    ['r', 'no header', 'no header at all', 'no header at all'],
  );
  assert.deepEqual([second!['message'], second!['cut'], second!['raw']], ['caf\uFFFD', true, latin1]);
  const { unparsed, lossy, cut, messages: count, bytes } = decoder.totals;
  assert.deepEqual([unparsed, lossy, cut, count, bytes], [1, 1, 1, 2, 16 + latin1.length]);
});

test('stamps without a zone are read in the zone of their device, and clocks are told', () => {
  const observed: unknown[] = [];
  const { messages, receive } = setUp({
    zone: { offsetMinutes: (device) => (device === '192.0.2.1' ? 60 : 0) },
    clocks: {
      observe: (...all) => {
        observed.push(all);
        return -1500;
      },
    },
  });
  receive('<13>Mar  5 12:29:58 h tag: text');
  receive('<13>1 2026-03-05T11:29:58Z h a - - - text');
  const [first, second] = messages.take();
  const time = Date.parse('2026-03-05T11:29:58Z') * 1000;
  assert.deepEqual([first!['device_time'], second!['device_time']], [time, time]);
  assert.equal(first!['clock_offset_ms'], -1500);
  assert.deepEqual(observed, [
    ['192.0.2.1', AT, time, false],
    ['192.0.2.1', AT, time, true],
  ]);
});

test('rules see the message, drop it or give it tags', () => {
  const seen: unknown[] = [];
  const { messages, receive, decoder } = setUp({
    rules: {
      judge: (subject) => {
        seen.push([
          subject.device,
          subject.facility,
          subject.severity,
          subject.hostname(),
          subject.appName(),
          subject.mnemonic(),
          subject.vendor(),
          subject.text(),
        ]);
        return { drop: subject.severity === 7, tags: ['a', '\u00e4'] };
      },
    },
  });
  receive('<189>Mar  5 11:29:58 sw1 %SYS-5-CONFIG_I: \u00fcber');
  receive('<15>Mar  5 11:29:58 h tag: debug');
  receive('neither');
  assert.deepEqual(seen, [
    ['192.0.2.1', 23, 5, 'sw1', '%SYS-5-CONFIG_I', 'SYS-5-CONFIG_I', 'cisco', '\u00fcber'],
    ['192.0.2.1', 1, 7, 'h', 'tag', undefined, undefined, 'debug'],
    ['192.0.2.1', -1, -1, undefined, undefined, undefined, undefined, 'neither'],
  ]);
  assert.deepEqual(
    messages.take().map((row) => row['tags']),
    [
      ['a', '\u00e4'],
      ['a', '\u00e4'],
    ],
  );
  assert.equal(decoder.totals.dropped, 1);
});

test('what was counted at a device is written every ten seconds and at the end', () => {
  const { devices, receive, decoder } = setUp();
  receive('<189>Mar  5 11:29:58 sw1 %SYS-5-CONFIG_I: x');
  receive('nothing', { cut: true, receivedAtMicros: AT + 5_000_000 });
  decoder.sweep(AT + 9_000_000);
  assert.deepEqual(devices.take(), []);
  decoder.sweep(AT + 10_000_000);
  assert.deepEqual(devices.take(), [
    {
      device: '192.0.2.1',
      first_seen: AT,
      last_seen: AT + 5_000_000,
      messages: 2,
      unparsed: 1,
      cut: 1,
      dropped: 0,
      clock_offset_ms: null,
      hostname: 'sw1',
      vendor: 'cisco',
      dialect: 'cisco',
    },
  ]);
  decoder.sweep(AT + 30_000_000);
  assert.deepEqual(devices.take(), []);
  receive('<13>again', { receivedAtMicros: AT + 31_000_000 });
  decoder.finish(AT + 31_000_000);
  assert.deepEqual(
    devices.take().map((row) => [row['messages'], row['hostname']]),
    [[1, 'sw1']],
  );
});

test('devices beyond the bound are forgotten, least recently used first, and what they sent is written', () => {
  const { devices, receive, decoder } = setUp({ maxDevices: 2 });
  for (const last of [1, 2, 1, 3]) receive('<13>x', { sourceAddress: `192.0.2.${last}` });
  assert.deepEqual(
    devices.take().map((row) => [row['device'], row['messages']]),
    [['192.0.2.2', 1]],
  );
  assert.deepEqual([decoder.totals.devices, decoder.totals.deviceEvictions], [2, 1]);
  decoder.finish(AT);
  assert.deepEqual(
    devices.take().map((row) => [row['device'], row['messages']]),
    [
      ['192.0.2.1', 2],
      ['192.0.2.3', 1],
    ],
  );
});

test('a device that is silent for a day is forgotten', () => {
  const { receive, decoder } = setUp();
  receive('<13>x');
  decoder.sweep(AT + 25 * 3_600_000_000);
  assert.equal(decoder.totals.devices, 0);
});

test('a message that something of ours fails over is stored raw, and reported', () => {
  const reported: unknown[] = [];
  const failure = new Error('no such zone');
  const { messages, receive, decoder } = setUp({
    zone: {
      offsetMinutes: () => {
        throw failure;
      },
    },
    report: (error) => reported.push(error),
  });
  receive('<13>Mar  5 11:29:58 h tag: text');
  receive('<13>1 2026-03-05T11:29:58Z h a - - - text');
  const [first, second] = messages.take();
  assert.deepEqual(
    [first!['format'], first!['reason'], first!['message'], String(first!['raw'])],
    ['r', 'internal error', '<13>Mar  5 11:29:58 h tag: text', '<13>Mar  5 11:29:58 h tag: text'],
  );
  assert.deepEqual([second!['hostname'], second!['reason']], ['h', null]);
  assert.deepEqual([reported, decoder.totals.internalErrors, decoder.totals.unparsed], [[failure], 1, 1]);
});

import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MAX_RESERVE_BYTES } from '../../../collectors/row-sink.ts';
import type { SyslogMessage } from '../../../collectors/syslog/message.ts';
import { parseSyslog } from '../../../collectors/syslog/parse.ts';
import { SyslogDecoder } from '../../../collectors/syslog/syslog-decoder.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import { MemoryRows, type Row } from '../../../src/traffic/memory-rows.ts';

const CORPUS = new URL('../../../../shared/corpus/syslog/', import.meta.url);
const ARRIVAL = { receivedAtMicros: Date.parse('2026-03-05T11:30:00Z') * 1000, zoneOffsetMinutes: 0 };

/** Holds the decoder to what `RowSink` promises, and to text that PostgreSQL takes. */
class StrictRows extends MemoryRows {
  #reserved = 0;

  override reserve(size: number): void {
    assert.ok(size <= MAX_RESERVE_BYTES, `${size} bytes`);
    super.reserve(size);
    // Whoever writes further than was reserved is seen in the bytes behind.
    super.reserve(size + 8);
    this.#reserved = this.position + size;
    this.bytes.fill(0xee, this.#reserved, this.#reserved + 8);
  }

  override commit(position: number): void {
    assert.ok(position <= this.#reserved, `${position - this.#reserved} bytes too many`);
    assert.equal(this.bytes.toString('hex', this.#reserved, this.#reserved + 8), 'ee'.repeat(8));
    super.commit(position);
  }
}

const messages = new StrictRows(SYSLOG_MESSAGES);
const decoder = new SyslogDecoder(
  {},
  { messages, devices: new MemoryRows(SYSLOG_DEVICES), losses: new MemoryRows(LOSSES) },
);

/** The row of one message, and the bytes that it takes. */
function rowOf(bytes: Buffer): { row: Row; size: number } {
  const { receivedAtMicros } = ARRIVAL;
  decoder.receive(bytes, { sourceAddress: '192.0.2.1', transport: 'udp', receivedAtMicros, cut: false });
  assert.equal(decoder.totals.internalErrors, 0);
  const size = messages.position;
  // Fields may begin and end in the middle of nothing but characters.
  const text = messages.bytes.subarray(0, size);
  const [row] = messages.take();
  for (const value of Object.values(row!)) {
    if (typeof value === 'string' && value.includes('\uFFFD')) assert.ok(text.includes(Buffer.from('\uFFFD')));
  }
  return { row: row!, size };
}

/** Key and values as a row shows them: an array for a key that comes twice. */
function objectOf(pairs: readonly string[]): Record<string, unknown> {
  const values = new Map<string, string[]>();
  for (let index = 0; index < pairs.length; index += 2) {
    values.set(pairs[index]!, [...(values.get(pairs[index]!) ?? []), pairs[index + 1]!]);
  }
  return Object.fromEntries([...values].map(([key, all]) => [key, all.length === 1 ? all[0] : all]));
}

function check(bytes: Buffer): void {
  const message = parseSyslog(bytes, ARRIVAL);
  const { row } = rowOf(bytes);
  assert.deepEqual(textsOf(row), textsOfMessage(message));
  assert.deepEqual(row['fields'], message.fields === undefined ? null : objectOf(message.fields));
  const ids = Object.keys(message.structuredData ?? {});
  assert.deepEqual(Object.keys(row['structured_data'] ?? {}).sort(), ids.sort());
  const isKept = message.lossy || (message.format === 'raw' && message.reason !== undefined);
  assert.deepEqual(row['raw'], isKept ? bytes : null);
}

function textsOf(row: Row): unknown[] {
  return ['hostname', 'app_name', 'proc_id', 'msg_id', 'vendor', 'dialect', 'mnemonic', 'message', 'reason'].map(
    (name) => row[name] ?? undefined,
  );
}

function textsOfMessage(message: SyslogMessage): unknown[] {
  const { hostname, appName, procId, msgId, vendor, dialect, mnemonic, text, reason } = message;
  return [hostname, appName, procId, msgId, vendor, dialect, mnemonic, text, reason];
}

test(
  'the rows of real messages say what their parsed form says',
  { skip: !existsSync(CORPUS) && 'no corpus here' },
  () => {
    for (const source of readdirSync(CORPUS)) {
      const lines = readFileSync(new URL(`${source}/cases.jsonl`, CORPUS), 'utf8')
        .trim()
        .split('\n');
      for (const line of lines) {
        const each: { raw_base64: string } = JSON.parse(line);
        check(Buffer.from(each.raw_base64, 'base64'));
      }
    }
  },
);

test('characters of several bytes are never cut in two', () => {
  const samples = [
    '<13>1 2026-03-05T11:22:33\u20acZ h a - - - text',
    '<13>Mar  5 11:22:33 h LEEF:2.0|A|P|1|1|\u00a6|a=b\u00a6c=\u00a7d',
    `<13>Mar  5 11:22:33 h %%01A/4/${'\u20ac'.repeat(80)}: text`,
    `<181>Mar  5 11:22:33 h CISE_A 1 1 0 2026-03-05 11:22:33.456 +01:00 1 2 ${'\u20ac'.repeat(200)}`,
    '<13>Mar  5 11:22:33 h a="\\\u20ac" b=\'\u20ac\' c=\u20ac',
    `<13>1 - ${'\u20ac'.repeat(3000)} a - - - text`,
  ];
  for (const sample of samples) {
    const bytes = Buffer.from(sample);
    const { row } = rowOf(bytes);
    assert.ok(!JSON.stringify(row).includes('\uFFFD'), sample.slice(0, 60));
    assert.ok(isUtf8(bytes));
  }
});

test('an SD-ID that comes twice is one object, and a parameter that comes twice an array', () => {
  const { row } = rowOf(Buffer.from('<13>1 - h a - - [x ip="1" ip="2"][y z="\\]"][x ip="3" b="4"] text'));
  assert.deepEqual(row['structured_data'], { x: { ip: ['1', '2', '3'], b: '4' }, y: { z: ']' } });
});

const KIB512 = 524_288;
const LARGE: [string, string, Buffer][] = [
  ['a header-less text', 'no header', Buffer.alloc(KIB512, 'x')],
  ['bytes that are no UTF-8', 'no header', Buffer.alloc(KIB512, 0xff)],
  [
    'control characters',
    'too long for a row',
    Buffer.concat([Buffer.from('<13>Mar  5 11:22:33 h a=1 b='), Buffer.alloc(KIB512 - 28, 1)]),
  ],
  ['fields', 'too many fields', Buffer.from(`<13>Mar  5 11:22:33 h ${'a=b '.repeat(KIB512 / 4 - 6)}`)],
  ['a host name', 'too long for a row', Buffer.from(`<13>1 - ${'h'.repeat(KIB512 - 40)} a - - - text`)],
  ['a mnemonic', 'too long for a row', Buffer.from(`<13>Mar  5 11:22:33 h %A-1-${'B'.repeat(KIB512 - 40)}: text`)],
  [
    'structured data',
    'too long for a row',
    Buffer.from(`<13>1 - h a - - [x y="${'\u0001'.repeat(KIB512 - 40)}"] text`),
  ],
];
for (const [what, reason, bytes] of LARGE) {
  test(`512 KiB of ${what} fit into a row`, () => {
    const { row, size } = rowOf(bytes);
    assert.equal(row['reason'], reason);
    assert.ok(size <= MAX_RESERVE_BYTES);
    if (row['raw'] !== null) assert.deepEqual(row['raw'], bytes);
  });
}

test('random changes to messages leave their row and their parsed form the same', () => {
  const samples = [
    '<34>1 2003-10-11T22:14:15.003Z h a 1 m [x@1 a="b\\"c" a="e"][y f="g"][x@1 h="\u00e9"] text',
    '<189>20: rtr1: 634: .Mar  5 11:22:33.456 CET: %SYS-5-CONFIG_I: Configured',
    '<189>date=2026-03-05 time=12:22:33 devname="FG-1" devid="FG" logid="1" msg="a \\" b" msg=\u20ac',
    '<13>Mar  5 11:22:33 h CEF:0|A|P|1|1|n|1|a=b c d=e \\= f a=\\n',
    '<14>Mar  5 11:22:33 pa1 1,2026/03/05 11:22:33,1,TRAFFIC,end,1,2026/03/05 11:22:33,"a ""b""",c',
    '<13>{"timestamp":"2026-03-05T11:22:33.5Z","a":{"b":1},"c":"\\u0001\u20ac"}',
  ].map((text) => Buffer.from(text));
  let seed = 11;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(samples[random(samples.length)]!);
    for (let change = random(4); change >= 0; change--) bytes[random(bytes.length)] = random(256);
    check(bytes);
  }
});

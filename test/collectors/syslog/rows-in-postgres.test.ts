import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SyslogDecoder } from '../../../collectors/syslog/syslog-decoder.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import { encodeInFront, type SealedBatch } from '../../../storage/batch/batch-format.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { insertBatch, prepareSession } from '../../../storage/database/insert-batch.ts';
import { coverTimes } from '../../../storage/database/partitions.ts';
import { MemorySink } from '../../support/memory-sink.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const CORPUS = new URL('../../../../shared/corpus/syslog/', import.meta.url);
const AT = Date.parse('2026-03-05T11:30:00Z') * 1000;
const BODY_START = 2048;

const SAMPLES = [
  '<34>1 2003-10-11T22:14:15.003Z h a 1 m [x@1 a="b\\"c\\\\" a="e"][y f="g\t\u0001"][x@1 h="\u00e9"] text',
  '<189>20: rtr1: 634: .Mar  5 11:22:33.456 CET: %SYS-5-CONFIG_I: Configured',
  '<189>date=2026-03-05 time=12:22:33 devname="FG-1" devid="FG" logid="1" msg="a \\" b" msg=\u20ac msg=\\',
  '<13>Mar  5 11:22:33 h CEF:0|A|P|1|1|n|1|a=b c d=e \\= f a=\\n',
  '<14>Mar  5 11:22:33 pa1 1,2026/03/05 11:22:33,1,TRAFFIC,end,1,2026/03/05 11:22:33,"a ""b""",c',
  '<13>{"timestamp":"2026-03-05T11:22:33.5Z","a":{"b":1},"c":"\\u0000\\ud800\u20ac"}',
  '<13>1 9999-12-31T23:59:59Z h a - - - the last year that ISO 8601 can write',
  '<13>1 0001-01-01T00:00:00Z h a - - - the first one',
  'no header',
];

/** What a network may do to messages: each is changed in a few places. */
function* hostile(samples: readonly Buffer[], rounds: number): Generator<Buffer> {
  let seed = 3;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.from(samples[random(samples.length)]!);
    for (let change = random(4); change >= 0 && bytes.length > 0; change--) bytes[random(bytes.length)] = random(256);
    yield bytes;
  }
}

function samples(): Buffer[] {
  const own = SAMPLES.map((text) => Buffer.from(text));
  if (!existsSync(CORPUS)) return own;
  const lines = readdirSync(CORPUS).flatMap((source) =>
    readFileSync(new URL(`${source}/cases.jsonl`, CORPUS), 'utf8')
      .trim()
      .split('\n'),
  );
  return [
    ...own,
    ...lines.map((line) => {
      const each: { raw_base64: string } = JSON.parse(line);
      return Buffer.from(each.raw_base64, 'base64');
    }),
  ];
}

function batchOf(sink: MemorySink): SealedBatch {
  const memory = Buffer.concat([Buffer.alloc(BODY_START), sink.bytes.subarray(0, sink.position)]);
  const header = {
    id: randomUUID(),
    table: SYSLOG_MESSAGES.table,
    columns: SYSLOG_MESSAGES.columns.map((column) => column.name),
    rows: sink.rows,
    earliestMicros: AT,
    latestMicros: AT + sink.rows,
  };
  const encoded = encodeInFront(header, memory, BODY_START, memory.length);
  return { ...header, encoded, body: memory.subarray(BODY_START), release: () => {} };
}

test('PostgreSQL takes the rows of real and of hostile messages, and gives back what was written', async () => {
  const sink = new MemorySink(SYSLOG_MESSAGES);
  const decoder = new SyslogDecoder(
    {},
    { messages: sink, devices: new MemorySink(SYSLOG_DEVICES), losses: new MemorySink(LOSSES) },
  );
  const all = samples();
  const received = { sourceAddress: '192.0.2.1', transport: 'udp', cut: false } as const;
  // Each a microsecond after the one before, so that they come back in their order.
  let at = AT;
  for (const bytes of [...all, ...hostile(all, 4000)]) decoder.receive(bytes, { ...received, receivedAtMicros: at++ });
  const written = sink.read();

  const database = await startTestDatabase();
  const client = await connect(database.address);
  await prepareSession(client);
  await coverTimes(client, 'syslog_messages', [AT], 'hour');
  await insertBatch(client, batchOf(sink), 'a');
  const { rows } = await client.query(
    'SELECT hostname, app_name, mnemonic, message, structured_data, fields, raw FROM syslog_messages ORDER BY received_at',
  );
  await disconnect(client);
  await database.stop();
  assert.equal(rows.length, written.length);
  for (const [index, row] of rows.entries()) {
    for (const name of Object.keys(row)) assert.deepEqual(row[name], written[index]![name], `${index} ${name}`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ElementRegistry } from '../../../../collectors/flow/elements/registry.ts';
import { ProgramCache, compileProgram } from '../../../../collectors/flow/record/record-program.ts';
import type { FieldSpecifier } from '../../../../collectors/flow/record/record.ts';
import { FLOWS } from '../../../../collectors/flow/tables.ts';
import type { RowSink } from '../../../../collectors/row-sink.ts';
import { DogwatchError } from '../../../../src/runtime/errors.ts';
import { type FieldTuple, contextOf, fieldsOf, rowOf, rowsOf } from '../../../support/compiled-records.ts';
import { MemorySink } from '../../../support/memory-sink.ts';

const registry = new ElementRegistry();

function run(tuples: readonly FieldTuple[], bytes: Buffer, end = bytes.length, limit = Infinity) {
  const sink = new MemorySink(FLOWS);
  const result = compileProgram(fieldsOf(tuples), registry).run(bytes, 0, end, limit, contextOf(), sink);
  return { ...result, read: sink.read() };
}

test('padding behind the last record is left alone', () => {
  const { records, rows, end, truncated } = run(
    [
      [4, 1],
      [7, 2],
    ],
    Buffer.alloc(3 * 5 + 2),
  );
  assert.deepEqual({ records, rows, end, truncated }, { records: 5, rows: 5, end: 15, truncated: false });
});

test('no more than `limit` records are read', () => {
  assert.equal(run([[4, 1]], Buffer.alloc(9), 9, 4).end, 4);
});

test('an end beyond the buffer is none', () => {
  assert.equal(run([[4, 1]], Buffer.alloc(9), 1000).records, 9);
});

test('records start where they are told to, in a buffer that is part of another', () => {
  const bytes = Buffer.from('ffffff06071108ff', 'hex').subarray(1);
  const sink = new MemorySink(FLOWS);
  const program = compileProgram(fieldsOf([[4, 1]]), registry);
  assert.equal(program.run(bytes, 2, 6, Infinity, contextOf(), sink).end, 6);
  assert.deepEqual(
    sink.read().map((row) => row['protocol']),
    [6, 7, 17, 8],
  );
});

test('more rows than one reservation holds are written in several goes', () => {
  const { records, read } = run([[4, 1]], Buffer.alloc(60_000, 6));
  assert.equal(records, 60_000);
  assert.equal(read.length, 60_000);
  assert.ok(read.every((row) => row['protocol'] === 6));
});

test('fields of variable length: one byte of length, or 255 and two', () => {
  const fields = [
    [4, 1],
    [82, 65_535],
    [7, 2],
    [83, 65_535],
    [11, 2],
  ] as const;
  const long = 'a'.repeat(300);
  const first = `06 04 ${Buffer.from('eth0').toString('hex')} 0050 ff012c ${Buffer.from(long).toString('hex')} 01bb`;
  const rows = rowsOf(fields, `${first} 11 00 0035 ff0001 41 0036`);
  assert.deepEqual(
    rows.map((row) => [row['protocol'], row['src_port'], row['dst_port'], row['extra']]),
    [
      [6, 80, 443, { interfaceName: 'eth0', interfaceDescription: long }],
      [17, 53, 54, { interfaceDescription: 'A' }],
    ],
  );
});

test('a record of variable length that is cut anywhere is said to be truncated, and not written', () => {
  const fields = [
    [4, 1],
    [82, 65_535],
    [7, 2],
    [83, 65_535],
  ] as const;
  const bytes = Buffer.from('060465746830 0050 ff0003 414243'.replaceAll(' ', ''), 'hex');
  assert.equal(run(fields, bytes).records, 1);
  for (let end = 0; end < bytes.length; end++) {
    const { records, end: stopped, truncated, read } = run(fields, bytes.subarray(0, end));
    assert.deepEqual([records, stopped, read.length], [0, 0, 0], `cut at ${end}`);
    assert.equal(truncated, end >= 5, `cut at ${end}`); // (fewer than a smallest record are padding)
  }
});

test('variable padding is skipped', () => {
  assert.deepEqual(
    rowOf(
      [
        [4, 1],
        [210, 65_535],
        [7, 2],
      ],
      '06 02 ffff 0050',
    ),
    { protocol: 6, src_port: 80 },
  );
});

test('structured data becomes a JSON array, with the templates of the exporter', () => {
  // RFC 6313 section 4.5.1: semantic allOf, element 4 of one byte, three values
  assert.deepEqual(rowOf([[291, 65_535]], '08 03 0004 0001 06 11 01'), { extra: { basicList: [6, 17, 1] } });
  const lookupTemplate = (id: number): FieldSpecifier[] | undefined =>
    id === 300
      ? fieldsOf([
          [7, 2],
          [4, 1],
        ])
      : undefined;
  assert.deepEqual(rowOf([[292, 65_535]], '09 03 012c 0050 06 0035 11', { lookupTemplate }), {
    extra: {
      subTemplateList: [
        { sourceTransportPort: 80, protocolIdentifier: 6 },
        { sourceTransportPort: 53, protocolIdentifier: 17 },
      ],
    },
  });
});

const FRAME =
  '020000000002 020000000001 8100 0064 0800 ' + // Ethernet, VLAN 100
  '4500 05dc 0001 4000 4006 0000 0a000001 0a000002 ' + // IPv4, 1,500 bytes, TCP
  'd431 0050 00000001 00000002 5012 ffff 0000 0000';

test('a sampled frame gives what no element does', () => {
  const length = FRAME.replaceAll(' ', '').length / 2;
  const fields = [
    [10, 4],
    [312, 2],
    [315, 65_535],
  ] as const;
  assert.deepEqual(rowOf(fields, `00000007 05f2 ${length.toString(16)} ${FRAME}`), {
    in_if: 7,
    bytes: 1500,
    packets: 1,
    src_addr: '10.0.0.1',
    dst_addr: '10.0.0.2',
    src_port: 54_321,
    dst_port: 80,
    protocol: 6,
    tcp_flags: 0x12,
    tos: 0,
    vlan: 100,
    extra: {
      dataLinkFrameSize: 1522,
      sourceMacAddress: '02:00:00:00:00:01',
      destinationMacAddress: '02:00:00:00:00:02',
    },
  });
});

test('a sampled packet beside elements only fills the gaps', () => {
  const packet = FRAME.slice(FRAME.indexOf('4500')).replaceAll(' ', '');
  const row = rowOf(
    [
      [1, 4],
      [8, 4],
      [313, packet.length / 2],
    ],
    `00000064 c6336401 ${packet}`,
  );
  assert.deepEqual(
    [row['bytes'], row['packets'], row['src_addr'], row['dst_addr'], row['src_port'], row['extra']],
    [100, 1, '198.51.100.1', '10.0.0.2', 54_321, undefined],
  );
});

test('without counters, a length that the record tells goes before the one in the packet', () => {
  const packet = FRAME.slice(FRAME.indexOf('4500')).replaceAll(' ', '');
  const row = rowOf(
    [
      [224, 8],
      [312, 2],
      [313, packet.length / 2],
    ],
    `0000000000000100 0200 ${packet}`,
  );
  assert.deepEqual([row['bytes'], row['packets'], row['extra']], [256, 1, { dataLinkFrameSize: 512 }]);
});

test('a frame that cannot be read is kept as it is', () => {
  const row = rowOf(
    [
      [312, 2],
      [315, 4],
    ],
    '0040 deadbeef',
  );
  assert.deepEqual(row, { bytes: 64, packets: 1, extra: { dataLinkFrameSize: 64, dataLinkFrameSection: 'deadbeef' } });
});

test('templates without a byte, with too many fields or too long a record are refused', () => {
  const code = (fields: FieldSpecifier[]): string => {
    try {
      compileProgram(fields, registry);
      return 'accepted';
    } catch (error) {
      return error instanceof DogwatchError ? error.code : String(error);
    }
  };
  assert.equal(code([]), 'BAD_TEMPLATE');
  assert.equal(
    code(
      fieldsOf([
        [8, 0],
        [12, 0],
      ]),
    ),
    'BAD_TEMPLATE',
  );
  assert.equal(code(Array.from({ length: 4097 }, () => ({ pen: 0, id: 4, length: 1 }))), 'TOO_MANY_FIELDS');
  assert.equal(
    code(
      fieldsOf([
        [1, 65_534],
        [2, 2],
      ]),
    ),
    'BAD_TEMPLATE',
  );
  assert.equal(code(Array.from({ length: 4096 }, () => ({ pen: 0, id: 82, length: 16 }))), 'BAD_TEMPLATE');
  assert.equal(code(Array.from({ length: 4096 }, (_, i) => ({ pen: 0, id: i, length: 8 }))), 'accepted');
});

test('integers beyond 2^53 keep all their digits in extra', () => {
  const sink = new MemorySink(FLOWS);
  const bytes = Buffer.from('0020000000000001', 'hex');
  compileProgram(fieldsOf([[148, 8]]), registry).run(bytes, 0, 8, 1, contextOf(), sink);
  assert.ok(sink.bytes.subarray(0, sink.position).includes('{"flowId":9007199254740993}'));
});

test('names of elements do not get into the code', () => {
  const name = '`${process.exit(1)}`");process.exit(1);//\\\u2028';
  const spiteful = new ElementRegistry([{ pen: 1, id: 1, name, type: 'unsigned8' }]);
  const sink = new MemorySink(FLOWS);
  compileProgram(fieldsOf([[1, 1, 1]]), spiteful).run(Buffer.from([7]), 0, 1, 1, contextOf(), sink);
  assert.deepEqual(sink.read()[0]?.['extra'], { [name]: 7 });
});

test('equal templates share a program; the one unused for longest goes first', () => {
  const cache = new ProgramCache(registry, 2);
  const [one, two, three] = [fieldsOf([[4, 1]]), fieldsOf([[7, 2]]), fieldsOf([[11, 2]])];
  const program = cache.get(one);
  cache.get(two);
  assert.equal(cache.get(fieldsOf([[4, 1]])), program);
  cache.get(three);
  assert.deepEqual([cache.has(one), cache.has(two), cache.has(three), cache.size], [true, false, true, 2]);
});

test('two rows of the greatest width stay within what was reserved', () => {
  const REVERSE = 29_305;
  const fields = fieldsOf([
    [27, 16],
    [28, 16],
    [62, 16],
    [10, 4],
    [14, 4],
    [16, 4],
    [17, 4],
    [7, 4],
    [11, 4],
    [4, 1],
    [6, 2],
    [5, 1],
    [29, 1],
    [30, 1],
    [58, 2],
    [61, 1],
    [1, 8],
    [2, 8],
    [150, 4],
    [151, 4],
    [34, 4],
    [95, 64],
    [REVERSE, 1, 8],
    [REVERSE, 2, 8],
    [REVERSE, 6, 2],
    [REVERSE, 5, 1],
    [REVERSE, 62, 16],
  ]);
  const bytes = Buffer.alloc(fields.reduce((sum, { length }) => sum + length, 0) * 3, 0x11);
  const sink = new ExactSink();
  const context = contextOf({
    exporterField: Buffer.from(`0000001403800010${'20'.repeat(16)}`, 'hex'),
    observationDomain: 7,
  });
  assert.equal(compileProgram(fields, registry).run(bytes, 0, bytes.length, Infinity, context, sink).rows, 6);
  const memory = new MemorySink(FLOWS);
  const written = Buffer.concat(sink.written);
  memory.reserve(written.length);
  written.copy(memory.bytes);
  memory.commit(written.length, 6);
  const [forward] = memory.read();
  assert.deepEqual(
    Object.entries(forward ?? {}).filter(([, value]) => value === null),
    [['extra', null]],
  );
});

/** A seeded generator (mulberry32): the same sequence each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Memory of exactly the size that was reserved, so that a byte too many throws. */
class ExactSink implements RowSink {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  readonly written: Buffer[] = [];

  reserve(size: number): void {
    this.bytes = Buffer.alloc(size);
    this.position = 0;
  }

  commit(position: number): void {
    assert.ok(position <= this.bytes.length);
    this.written.push(this.bytes.subarray(0, position));
    this.position = position;
  }
}

const KNOWN = [
  1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 22, 27, 28, 29, 30, 32, 34, 48, 50, 56, 58, 60, 61,
  62, 63, 82, 85, 86, 95, 136, 139, 148, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 169, 170, 176,
  177, 178, 179, 180, 181, 195, 210, 224, 225, 231, 232, 233, 243, 252, 253, 291, 292, 293, 298, 299, 302, 305, 306,
  309, 310, 312, 313, 315, 322, 323, 324, 325, 33_002,
];

test('random templates over random bytes never throw, stay within what they reserved, and write rows that can be read', () => {
  const random = randomOf(20_260_301);
  const natural = [1, 2, 4, 8, 16, 65_535];
  for (let round = 0; round < 400; round++) {
    const fields = Array.from({ length: 1 + random(24) }, (): FieldSpecifier => {
      const id = KNOWN[random(KNOWN.length)] ?? 0;
      const length = random(3) === 0 ? random(40) : (natural[random(natural.length)] ?? 0);
      return { pen: random(6) === 0 ? 29_305 : 0, id, length };
    });
    if (fields.every(({ length }) => length === 0)) continue;
    const program = compileProgram(fields, registry);
    const bytes = Buffer.from(Array.from({ length: random(1500) }, () => (random(3) === 0 ? 0 : random(256))));
    const sink = new ExactSink();
    const context = contextOf({ uptimeMs: random(2) === 0 ? -1 : random(2 ** 31) });
    const { rows, end } = program.run(bytes, 0, bytes.length, Infinity, context, sink);
    assert.ok(end <= bytes.length);
    const memory = new MemorySink(FLOWS);
    const written = Buffer.concat(sink.written);
    memory.reserve(written.length);
    written.copy(memory.bytes);
    memory.commit(written.length, rows);
    assert.equal(memory.read().length, rows, JSON.stringify(fields));
  }
});

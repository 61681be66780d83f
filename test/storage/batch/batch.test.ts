import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFieldCount, writeInet, writeInt4, writeTimestamp } from '../../../collectors/copy-format.ts';
import { MAX_RESERVE_BYTES as PROMISED_BYTES, type RowTable } from '../../../collectors/row-sink.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { decodeBatch, type SealedBatch } from '../../../storage/batch/batch-format.ts';
import { MAX_RESERVE_BYTES, OpenBatch } from '../../../storage/batch/batch.ts';
import { BufferPool } from '../../../storage/batch/buffer-pool.ts';
import { readRows } from '../../../storage/batch/copy-reader.ts';
import { uuidV7 } from '../../../storage/batch/uuid.ts';

const TABLE: RowTable = {
  table: 'things',
  columns: [
    { name: 'received_at', type: 'timestamptz' },
    { name: 'value', type: 'int4' },
  ],
};
const NOON = Date.UTC(2026, 10, 22, 12) * 1000;

interface Bench {
  sealed: SealedBatch[];
  open: OpenBatch;
  add: (micros: number, value: number) => void;
  elapse: () => void;
}

function bench(maxRows: number, bufferBytes = 2 << 20): Bench {
  const sealed: SealedBatch[] = [];
  let due: (() => void) | undefined;
  const clock: Clock = {
    nowMicros: () => NOON,
    monotonicMs: () => 0,
    after: (_ms, run) => {
      due = run;
      return () => (due = undefined);
    },
  };
  const pool = new BufferPool(bufferBytes, 2);
  const open = new OpenBatch(TABLE, { maxRows, maxAgeMs: 250 }, clock, pool, (batch) => sealed.push(batch));
  const add = (micros: number, value: number): void => {
    open.reserve(64);
    let at = writeFieldCount(open.bytes, open.position, 2);
    at = writeTimestamp(open.bytes, at, micros);
    open.commit(writeInt4(open.bytes, at, value), 1);
  };
  return { sealed, open, add, elapse: () => due?.() };
}

test('a batch is sealed at its number of rows, and names its table, columns and times', () => {
  const { sealed, add } = bench(3);
  add(NOON + 5, 1);
  add(NOON + 2, 2);
  assert.equal(sealed.length, 0);
  add(NOON + 9, 3);
  const [batch] = sealed;
  assert(batch);
  assert.deepEqual([batch.table, batch.columns, batch.rows], ['things', ['received_at', 'value'], 3]);
  assert.deepEqual([batch.earliestMicros, batch.latestMicros], [NOON + 2, NOON + 9]);
  assert.deepEqual(
    readRows(batch.body, TABLE.columns).map((row) => row.value),
    [1, 2, 3],
  );
});

test('a batch is sealed by age, and an empty one never', () => {
  const { sealed, add, elapse, open } = bench(100);
  elapse();
  open.seal();
  assert.equal(sealed.length, 0);
  add(NOON, 1);
  elapse();
  elapse();
  assert.equal(sealed.length, 1);
});

test('a batch is sealed when a reservation no longer fits', () => {
  assert.equal(MAX_RESERVE_BYTES, PROMISED_BYTES);
  const { sealed, open, add } = bench(1_000_000, (1 << 20) + 4096);
  add(NOON, 1);
  open.reserve(MAX_RESERVE_BYTES);
  assert.equal(sealed.length, 0);
  for (let value = 0; value < 200; value += 1) add(NOON, value);
  open.reserve(MAX_RESERVE_BYTES);
  assert.equal(sealed[0]?.rows, 201);
});

test('the encoding reads back as the same batch, also with bytes behind it', () => {
  const { sealed, add } = bench(2);
  add(NOON, 1);
  add(NOON, 2);
  const [batch] = sealed;
  assert(batch);
  const decoded = decodeBatch(Buffer.concat([batch.encoded, Buffer.from('next')]));
  assert(decoded);
  assert.deepEqual([decoded.id, decoded.table, decoded.rows], [batch.id, 'things', 2]);
  assert.deepEqual(decoded.body, batch.body);
  assert.deepEqual(decoded.encoded, batch.encoded);
});

test('an encoding that is cut, changed in any bit, or names no plain identifier is refused', () => {
  const { sealed, add } = bench(1);
  add(NOON, 1);
  const [batch] = sealed;
  assert(batch);
  for (let length = 0; length < batch.encoded.length; length += 1) {
    assert.equal(decodeBatch(batch.encoded.subarray(0, length)), undefined);
  }
  for (let bit = 0; bit < batch.encoded.length * 8; bit += 1) {
    const changed: Buffer = Buffer.from(batch.encoded);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(decodeBatch(changed), undefined, `bit ${bit}`);
  }
});

test('a sealed batch stays as it was while the next one is filled', () => {
  const { sealed, add, open } = bench(1_000_000);
  for (let value = 0; value < 60_000; value += 1) add(NOON, value);
  open.seal();
  const first = sealed[0];
  assert(first);
  const before = Buffer.from(first.encoded);
  for (let value = 0; value < 60_000; value += 1) add(NOON, -value);
  open.seal();
  assert.deepEqual(first.encoded, before);
});

test('identifiers are UUIDs of version 7 that sort by time', () => {
  const first = uuidV7(1_645_557_742_000_000); // the time of the example in RFC 9562, appendix A.6
  assert.match(first, /^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert(uuidV7(1_645_557_742_000_500) > uuidV7(1_645_557_742_000_100));
});

test('an address in front of a row is not taken for a time', () => {
  const table: RowTable = { table: 'devices', columns: [{ name: 'device', type: 'inet' }] };
  const clock: Clock = { nowMicros: () => NOON, monotonicMs: () => 0, after: () => () => {} };
  const sealed: SealedBatch[] = [];
  const pool = new BufferPool(2 << 20, 2);
  const open = new OpenBatch(table, { maxRows: 1, maxAgeMs: 250 }, clock, pool, (batch) => sealed.push(batch));
  open.reserve(64);
  const at = writeFieldCount(open.bytes, open.position, 1);
  open.commit(writeInet(open.bytes, at, Buffer.from([192, 0, 2, 1]), 0, 4), 1);
  assert.deepEqual([sealed[0]?.earliestMicros, sealed[0]?.latestMicros], [NOON, NOON]);
});

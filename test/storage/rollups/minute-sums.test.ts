import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIMENSIONS, MinuteSums } from '../../../storage/rollups/sums/minute-sums.ts';
import { FLOWS } from '../../../storage/rollups/sums/sum-table.ts';

const FLOWS_SENT = 500;

/** What COPY sends of a flow of which every key is another one (manual, COPY, "Binary Format"). */
function tuple(index: number): Buffer {
  const field = (bytes: Buffer): Buffer[] => [Buffer.from([0, 0, 0, bytes.length]), bytes];
  const int8 = (value: number): Buffer[] => field(Buffer.concat([Buffer.alloc(4), int4(value)]));
  const nothing = [int4(-1)];
  const packed = field(Buffer.concat([int4(index), int4(((index % 256) << 16) | (index % 64))]));
  const address = (last: number): Buffer[] => field(Buffer.concat([Buffer.from([2, 32, 0, 4]), int4(last)]));
  const keys = [1, 2, 3, 4].flatMap(() => int8(index));
  const amounts = [...int8(100 + index), ...int8(1), ...field(int4(10)), ...nothing];
  const hosts = [...address(0xc0_00_02_01), ...address(index), ...address(index + 1)];
  return Buffer.concat([Buffer.from([0, 13]), ...amounts, ...keys, ...packed, ...hosts, ...nothing]);
}

function int4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

for (const most of [15, 16, 17]) {
  test(`of ${FLOWS_SENT} different keys fewer than ${most} are kept at a time, and no flow is missing`, () => {
    const sums = new MinuteSums(most);
    for (let index = 0; index < FLOWS_SENT; index += 1) {
      const bytes = tuple(index);
      sums.add(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
      for (const dimension of DIMENSIONS) assert.ok(sums.tables[dimension].size < most, dimension);
    }
    sums.finish();
    for (const dimension of DIMENSIONS) {
      let flows = 0;
      for (const table of [sums.tables[dimension], sums.evicted.get(dimension)])
        for (let entry = 0; entry < (table?.size ?? 0); entry += 1) flows += Number(table?.sum(entry, FLOWS));
      assert.equal(flows, FLOWS_SENT, dimension);
    }
    assert.ok(sums.tables.conversation.size >= Math.floor(most / 4), 'the larger ones are kept');
    assert.ok(sums.pruned.has('source'));
  });
}

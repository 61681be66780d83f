import assert from 'node:assert/strict';
import { appendFile, mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SNMP_TRAPS } from '../../../collectors/snmp/tables.ts';
import { journaledInforms } from '../../../src/collector/snmp/journaled-informs.ts';
import { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import { HandClock, LogLines } from '../../support/hand-clock.ts';
import { type Row, sealedBatch } from '../../support/batches.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const NOW = 1_700_000_000_000_000;
const SINCE = NOW - 600_000_000;

const batchOf = (...rows: Row[]): Buffer => sealedBatch(SNMP_TRAPS, rows).encoded;
const inform = (key: string, receivedAt = NOW): Row => ({ received_at: receivedAt, pdu: 'i', inform_key: key });

async function keysIn(directory: string): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for await (const { key, receivedAtMicros } of journaledInforms(directory, SINCE)) {
    found.push([key.toString(), receivedAtMicros]);
  }
  return found;
}

test('informs of all files of a journal are found, oldest first, and nothing else', async () => {
  const directory = await temporaryDirectory();
  const other = sealedBatch({ ...SNMP_TRAPS, table: 'other' }, [inform('other')]).encoded;
  await writeFile(
    join(directory, '0000000000000001.journal'),
    Buffer.concat([batchOf({ received_at: NOW, pdu: 't' }, inform('a'), inform('b', NOW + 1)), other]),
  );
  await writeFile(join(directory, '0000000000000002.journal'), batchOf(inform('c', SINCE - 1), inform('d')));
  await writeFile(join(directory, '0000000000000002.journal.done'), Buffer.alloc(4));
  assert.deepEqual(await keysIn(directory), [
    ['a', NOW],
    ['b', NOW + 1],
    ['d', NOW],
  ]);
});

test('what a crash left unfinished, damage and old files are passed over', async () => {
  const directory = await temporaryDirectory();
  const [first, second, third] = [batchOf(inform('a')), batchOf(inform('b')), batchOf(inform('c'))];
  const torn = join(directory, '0000000000000001.journal');
  second.writeUInt8(second.readUInt8(second.length - 1) ^ 0xff, second.length - 1);
  await writeFile(torn, Buffer.concat([first, second, third]));
  await appendFile(torn, batchOf(inform('d')).subarray(0, -1));
  const old = join(directory, '0000000000000000.journal');
  await writeFile(old, batchOf(inform('old')));
  await utimes(old, SINCE / 1_000_000 - 1, SINCE / 1_000_000 - 1);
  assert.deepEqual(
    (await keysIn(directory)).map(([key]) => key),
    ['a', 'c'],
  );
  await writeFile(join(directory, '0000000000000002.journal'), 'no journal at all');
  assert.equal((await keysIn(directory)).length, 2);
});

test('a journal that is not there holds no informs', async () => {
  assert.deepEqual(await keysIn(join(await temporaryDirectory(), 'none')), []);
});

test('informs of a batch that is still open in another process are found in its draft', async (t) => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'drafts'));
  const store = new DraftStore(join(directory, 'drafts'), 0, new HandClock(), new LogLines().log);
  store.open();
  t.after(() => store.close());
  const { id, table, columns, body } = sealedBatch(SNMP_TRAPS, [{ received_at: NOW, pdu: 't' }, inform('a')]);
  const room = 2048;
  const draft = store.begin({ id, table, columns }, room);
  draft.write(Buffer.concat([Buffer.alloc(room), body]), room + body.length, 2, NOW, NOW);
  await writeFile(join(directory, '0000000000000001.journal'), batchOf(inform('b')));
  assert.deepEqual(await keysIn(directory), [
    ['a', NOW],
    ['b', NOW],
  ]);
  draft.release();
  assert.deepEqual(await keysIn(directory), [['b', NOW]], 'a draft that was let go tells nothing');
});

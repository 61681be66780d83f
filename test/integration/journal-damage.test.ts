import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { chown, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { decodeBatch, type SealedBatch } from '../../storage/batch/batch-format.ts';
import { disconnect } from '../../storage/database/database.ts';
import { draftIds } from '../../storage/journal/drafts/recover-drafts.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { differences, NumberedFlows } from '../support/database-faults/numbered-flows.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const RECORDS_PER_SECOND = 8000;
const BACKLOG_BYTES = 5 << 20;

// Its parts are tested with the journal, and in every run.
const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;

test(
  'a journal with flipped bits, a cut end and a file of an older version costs what is damaged, and the operator hears of each',
  { skip: ONLY_LONG },
  async (t) => {
    const database = await FaultyDatabase.start(t, { stateDirectory: await temporaryDirectory() });
    const folder = await temporaryDirectory();
    const options = {
      folder,
      databaseUrl: database.url(),
      settings: {
        workers: 1,
        batch: { rows: 500, bytes: '2MiB', age: '100ms' },
        journal: { segmentBytes: '2MiB', memoryBytes: '2MiB' },
      },
    };
    const before = await CollectorProcess.start(options);
    t.after(() => before.kill());
    await database.stop();
    const load = await NumberedFlows.start(before.flowPort, RECORDS_PER_SECOND);
    t.after(() => load.stop());
    await eventually('there are some files', async () => (await before.status()).journal.bytes > BACKLOG_BYTES, 40_000);
    const sentBefore = load.stop();
    await eventually('all is journaled', async () => {
      const { journal, writer } = await before.status();
      return journal.rows + writer.rows >= sentBefore;
    });
    await before.kill();
    const { flipped, cut } = await damage(folder);

    await database.start();
    const collector = await CollectorProcess.start({ ...options, flowPort: before.flowPort });
    t.after(() => collector.kill());
    const goingOn = await NumberedFlows.start(collector.flowPort, RECORDS_PER_SECOND, sentBefore);
    t.after(() => goingOn.stop());
    await eventually('it is well', async () => {
      const { ready, journal, flow } = await collector.status();
      return ready && flow.records > RECORDS_PER_SECOND && journal.oldestMs < 1000;
    });
    const sent = goingOn.stop();
    await eventually('all is received', async () => (await collector.status()).flow.records >= sent - sentBefore);
    await eventually('all is written', async () => (await collector.status()).journal.rows === 0);

    const { journal, earlierRun } = await collector.status();
    const metrics = await collector.metrics();
    await collector.stop();
    assert.deepEqual(
      { corrupt: journal.corruptBatches, other: journal.otherVersions, lost: journal.lostRows },
      { corrupt: 1, other: 1, lost: flipped },
    );
    assert.ok(earlierRun !== undefined, 'the run before was killed, and this one says so');
    assert.match(metrics, /^dogwatch_journal_corrupt_batches_total 1$/m);
    assert.match(metrics, /^dogwatch_journal_other_versions_total 1$/m);
    assert.match(metrics, new RegExp(`^dogwatch_journal_lost_rows_total ${flipped}$`, 'm'));
    assert.match(collector.output, /a damaged batch in the journal was put aside/);
    assert.match(collector.output, /a segment of the journal is of another version, and is kept aside/);
    assert.match(collector.output, /cut off a batch/);
    const kept = globSync('journal/**/*.{corrupt,dwb0}', { cwd: folder });
    assert.equal(kept.length, 2, kept.join(', '));
    const client = await database.connect();
    t.after(() => disconnect(client));
    assert.deepEqual(await differences(client, sent), { missing: flipped + cut, double: 0, wrong: 0 });
    t.diagnostic(`${sent} sent; ${flipped} rows were damaged, ${cut} cut off`);
  },
);

/** @returns rows of flows of which a bit is another, and of which the end is gone */
async function damage(folder: string): Promise<{ flipped: number; cut: number }> {
  const files = globSync('journal/**/*.journal', { cwd: folder }).toSorted();
  const paths = files.map((file) => join(folder, file));
  const [first, last] = [paths[0], paths.at(-1)];
  assert.ok(first !== undefined && last !== undefined && first !== last, files.join(', '));
  const flip = await lastFlows(first);
  flip.bytes.writeUInt8((flip.bytes[flip.end - 9] ?? 0) ^ 0x10, flip.end - 9);
  await writeFile(first, flip.bytes);
  // A batch whose draft is still there would be mended from it, and so are those behind it.
  const cut = await lastFlows(last, await draftIds(join(last, '..', 'drafts')));
  await writeFile(last, cut.bytes.subarray(0, cut.end - Math.floor(cut.batch.encoded.length / 2)));
  const older = Buffer.concat([Buffer.from('DWB0'), flip.bytes.subarray(4, 4096)]);
  const olderPath = join(first, '..', `${'1'.padStart(16, '0')}.journal`);
  await writeFile(olderPath, older);
  const { uid, gid } = await stat(first);
  await chown(olderPath, uid, gid);
  return { flipped: flip.batch.rows, cut: cut.batch.rows };
}

/** The last batch of flows in a file, but for those with these ids. */
async function lastFlows(
  path: string,
  besides: ReadonlySet<string> = new Set(),
): Promise<{ bytes: Buffer; batch: SealedBatch; end: number }> {
  const bytes = await readFile(path);
  let found: { bytes: Buffer; batch: SealedBatch; end: number } | undefined;
  for (let at = 0; at < bytes.length;) {
    const batch = decodeBatch(bytes.subarray(at));
    if (batch === undefined) break;
    at += batch.encoded.length;
    if (batch.table === 'flows' && !besides.has(batch.id)) found = { bytes, batch, end: at };
  }
  assert.ok(found !== undefined, `${path} has flows`);
  return found;
}

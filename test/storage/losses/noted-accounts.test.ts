import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LoggedAccount } from '../../../collectors/accounts/logged-account.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { OpenBatch } from '../../../storage/batch/batch.ts';
import { BufferPool } from '../../../storage/batch/buffer-pool.ts';
import { readChunks } from '../../../storage/journal/drafts/chunk-format.ts';
import { MAX_NOTES_BYTES } from '../../../storage/journal/drafts/draft-notes.ts';
import type { Draft } from '../../../storage/journal/drafts/draft.ts';
import { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import { ACCOUNTS_FILE, readAccounts } from '../../../storage/losses/account-chunks.ts';
import { AccountLogFile, leftAccounts } from '../../../storage/losses/account-log-file.ts';
import { commitNumber, endOfTurn, numberedTable, openJournal } from '../../support/drafted-rows.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

/** How many rows one sender has. */
class Sender implements LoggedAccount {
  logNumber = 0;
  logSerial = 0;
  isLogDue = false;
  rows = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  describe(): string {
    return this.name;
  }

  writeState(out: Float64Array, at: number): number {
    out[at] = this.rows;
    return at + 1;
  }

  takeNote(isAnew: boolean): string | undefined {
    return isAnew ? `{"from ${this.name}":1}` : undefined;
  }
}

/** What a worker has in its journal's folder that will be killed: it is never closed. */
async function counting(maxRows = 1000) {
  const directory = await temporaryDirectory();
  const { journal } = await openJournal(directory);
  await journal.close();
  const store = new DraftStore(join(directory, 'drafts'), 0, systemClock, silentLog);
  store.open();
  const sealed: (Draft | undefined)[] = [];
  const batch = new OpenBatch(
    numberedTable('syslog_messages'),
    { maxRows, maxAgeMs: 60_000 },
    systemClock,
    new BufferPool(2 << 20, 2),
    (_sealed, draft) => void sealed.push(draft),
    store,
  );
  const senders: Sender[] = [];
  const log = new AccountLogFile(
    () => directory,
    store,
    () => senders,
    silentLog,
  );
  log.open();
  const accounts = log.withRows(batch);
  const count = (sender: Sender, rows: number): void => {
    if (!senders.includes(sender)) senders.push(sender);
    if (!sender.isLogDue) accounts.changed(sender);
    sender.rows += rows;
  };
  let number = 0;
  const take = (sender: Sender): void => {
    count(sender, 1);
    commitNumber(batch, (number += 1));
  };
  return { directory, batch, sealed, log, count, take };
}

async function onlyDraft(directory: string): Promise<{ path: string; bytes: Buffer }> {
  const names = await readdir(join(directory, 'drafts'));
  assert.equal(names.length, 1);
  const path = join(directory, 'drafts', names[0] ?? '');
  return { path, bytes: await readFile(path) };
}

const counted = async (directory: string): Promise<Record<string, number>> =>
  Object.fromEntries((await leftAccounts(directory)).map(({ description, state }) => [description, state[0] ?? 0]));

test('wherever the write of rows was cut off, what is counted is what rows there are', async () => {
  const { directory, take } = await counting();
  const [one, two] = [new Sender('one'), new Sender('two')];
  for (const turn of [[one], [one, two, one], [two], [one, one]]) {
    for (const sender of turn) take(sender);
    await endOfTurn();
  }
  const log = await readFile(join(directory, ACCOUNTS_FILE));
  const { bytes } = await onlyDraft(directory);
  const seen = new Set<number>();
  for (let length = 0; length <= bytes.length; length += 1) {
    const draft = readChunks(bytes.subarray(0, length));
    const found = readAccounts(Buffer.concat([log, ...(draft?.notes ?? [])]));
    const sum = found.reduce((rows, { state }) => rows + (state[0] ?? 0), 0);
    assert.equal(sum, draft?.header.rows ?? 0, `${length} bytes`);
    seen.add(sum);
  }
  assert.deepEqual([...seen], [0, 1, 4, 5, 7]);
});

test('who opens the journal of a killed worker finds its rows and what it counted of them, also behind a torn log', async () => {
  const { directory, take } = await counting();
  const one = new Sender('one');
  for (let turn = 0; turn < 3; turn += 1) {
    take(one);
    await endOfTurn();
  }
  const path = join(directory, ACCOUNTS_FILE);
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.from('torn')]));
  const { journal } = await openJournal(directory);
  assert.equal(journal.depth().rows, 3);
  assert.deepEqual(await counted(directory), { one: 3 });
  assert.equal((await leftAccounts(directory))[0]?.note, '{"from one":1}');
  await journal.close();
  // Nobody has taken them yet.
  await (await openJournal(directory)).journal.close();
  assert.deepEqual(await counted(directory), { one: 3 });
});

test('when a batch is sealed its counts are in the log, and its draft may go', async () => {
  const { directory, batch, sealed, take } = await counting();
  const one = new Sender('one');
  take(one);
  await endOfTurn();
  assert.deepEqual(await counted(directory), {});
  take(one);
  batch.seal();
  assert.deepEqual(await counted(directory), { one: 2 });
  sealed[0]?.release();
  take(one);
  await endOfTurn();
  assert.deepEqual(await counted(directory), { one: 2 });
  const { journal } = await openJournal(directory);
  assert.deepEqual([journal.depth().rows, await counted(directory)], [1, { one: 3 }]);
  await journal.close();
});

test('what is counted without rows, or is too much to go with them, is in the log at the end of the turn', async () => {
  const { directory, count, take } = await counting();
  count(new Sender('without rows'), 5);
  await endOfTurn();
  assert.deepEqual(await counted(directory), { 'without rows': 5 });
  const senders = Array.from({ length: MAX_NOTES_BYTES / 64 }, (_, index) => new Sender(`sender ${index}`));
  for (const sender of senders) take(sender);
  await endOfTurn();
  const found = await counted(directory);
  assert.deepEqual(
    senders.map(({ name }) => found[name]),
    senders.map(() => 1),
  );
});

test('counts of a later turn are not taken back by those that were noted with rows before', async () => {
  const { directory, count, take } = await counting();
  const one = new Sender('one');
  take(one);
  await endOfTurn();
  count(one, 10);
  await endOfTurn();
  const { journal } = await openJournal(directory);
  assert.deepEqual(await counted(directory), { one: 11 });
  await journal.close();
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { LoggedAccount } from '../../../collectors/accounts/logged-account.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import { ACCOUNTS_FILE, readAccounts } from '../../../storage/losses/account-chunks.ts';
import { AccountLogFile, leftAccounts, removeAccounts } from '../../../storage/losses/account-log-file.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

/** Counts what it is told to. */
class Counter implements LoggedAccount {
  logNumber = 0;
  logSerial = 0;
  isLogDue = false;
  note: string | undefined;
  numbers: readonly number[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  describe(): string {
    return this.#name;
  }

  writeState(out: Float64Array, at: number): number {
    out.set(this.numbers, at);
    return at + this.numbers.length;
  }

  takeNote(): string | undefined {
    return this.note;
  }
}

interface Logged {
  readonly directory: string;
  readonly log: AccountLogFile;
  readonly counters: readonly [Counter, Counter];
  /** Counts, and waits until the turn is over. */
  readonly count: (counter: Counter, ...numbers: number[]) => Promise<void>;
}

async function startLog(t: TestContext): Promise<Logged> {
  const directory = await temporaryDirectory();
  const drafts = new DraftStore(join(directory, 'drafts'), 0, systemClock, silentLog);
  const counters = [new Counter('first é'), new Counter('second')] as const;
  const log = new AccountLogFile(
    () => directory,
    drafts,
    () => counters,
    silentLog,
  );
  t.after(() => drafts.close());
  const count = async (counter: Counter, ...numbers: number[]): Promise<void> => {
    counter.numbers = numbers;
    if (!counter.isLogDue) log.changed(counter);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { directory, log, counters, count };
}

const told = async (directory: string): Promise<unknown[]> =>
  (await leftAccounts(directory)).map(({ description, note, state }) => [description, note, ...state]);

test('what changed in a turn is in the log at its end, the latest of each account', async (t) => {
  const { directory, log, counters, count } = await startLog(t);
  const [first, second] = counters;
  log.open();
  first.note = '{"a":1}';
  await count(first, 1, 2, 3);
  await count(second, 5);
  first.note = undefined;
  await count(first, -4, 2 ** 53 - 1);
  assert.deepEqual(await told(directory), [
    ['first é', '{"a":1}', -4, 2 ** 53 - 1],
    ['second', '', 5],
  ]);
  assert.equal(first.isLogDue, false);
});

test('a write that was cut off anywhere costs what it would have added, and nothing else', async (t) => {
  const { directory, log, counters, count } = await startLog(t);
  log.open();
  await count(counters[0], 1);
  const path = join(directory, ACCOUNTS_FILE);
  const before = (await readFile(path)).length;
  await count(counters[0], 2);
  await count(counters[0], 3);
  const whole = await readFile(path);
  for (let length = before; length < whole.length; length += 1) {
    const found = readAccounts(whole.subarray(0, length)).map(({ state }) => state[0]);
    assert.ok(found.length === 1 && (found[0] === 1 || found[0] === 2), `${length}: ${found.join()}`);
  }
  assert.deepEqual(readAccounts(whole)[0]?.state[0], 3);
  // Whatever else the bytes are.
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    assert.ok(readAccounts(damaged).length <= 2);
  }
});

test('a log that has grown is begun anew from what all accounts stand at', async (t) => {
  const { directory, log, counters, count } = await startLog(t);
  log.open();
  await count(counters[1], 7);
  const numbers = Array.from({ length: 250 }, (_, index) => index);
  let longest = 0;
  let length = 0;
  for (let turns = 0; length >= longest && turns < 60_000; turns += 1) {
    await count(counters[0], ...numbers);
    if (turns % 500 !== 0) continue;
    longest = length;
    length = (await readFile(join(directory, ACCOUNTS_FILE))).length;
  }
  assert.ok(length < longest && longest > 1 << 20, `${length} after ${longest} bytes`);
  assert.deepEqual((await told(directory))[1], ['second', '', 7]);
});

test('an orderly end leaves what the next start needs, and no file where that is nothing', async (t) => {
  const { directory, log, counters, count } = await startLog(t);
  log.open();
  await count(counters[0], 1);
  await count(counters[1], 2);
  log.close([counters[1]]);
  assert.deepEqual(await told(directory), [['second', '', 2]]);
  log.open();
  log.close([]);
  await assert.rejects(readFile(join(directory, ACCOUNTS_FILE)), { code: 'ENOENT' });
  assert.deepEqual(await told(directory), []);
  await removeAccounts(directory);
});

test('where nothing can be written counting goes on', async () => {
  const directory = await temporaryDirectory();
  const counter = new Counter('counter');
  const drafts = new DraftStore(directory, 0, systemClock, silentLog);
  const log = new AccountLogFile(
    () => join(directory, 'missing'),
    drafts,
    () => [counter],
    silentLog,
  );
  log.open();
  assert.equal(log.failures, 1);
  log.changed(counter);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(counter.isLogDue, false);
  log.close([]);
});

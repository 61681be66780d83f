import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { drain, numbersOf, openJournal } from '../../../support/drafted-rows.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

const CHILD = new URL('../../../support/draft-child.ts', import.meta.url).pathname;
/** More of them: `DOGWATCH_KILL_ROUNDS=50`. */
const ROUNDS = Number(process.env['DOGWATCH_KILL_ROUNDS'] ?? 10);

interface Ended {
  /** Where the turns that ended had come to, by table. */
  readonly many: number;
  readonly few: number;
}

test('a process that is killed at any moment leaves each row of the turns that had ended, once', async () => {
  const directory = await temporaryDirectory();
  const ledger = join(directory, 'ledger');
  let drafts = 0;
  let start = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const journalDirectory = join(directory, `journal-${round % 3}`);
    const ended = await runAndKill([journalDirectory, ledger, String(start)], 10 + Math.floor(Math.random() * 400));
    const { journal, found } = await openJournal(journalDirectory);
    drafts += found.drafts.batches;
    const written = await ledgerLines(ledger);
    for (const batch of await drain(journal)) {
      if (!written.has(batch.id)) written.set(batch.id, { table: batch.table, numbers: numbersOf(batch) });
    }
    await journal.close();
    const hint = `round ${round}`;
    assertEach(written, 'many', start, ended.many, hint);
    assertEach(written, 'few', start, ended.few, hint);
    start += 1_000_000;
  }
  assert(drafts > 0, 'none of them died with rows in a draft');
});

async function runAndKill(args: readonly string[], turns: number): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let ended: Ended = { many: 0, few: 0 };
  let left = turns;
  for await (const line of createInterface(child.stdout)) {
    const [many, few] = line.split(' ').map(Number);
    ended = { many: many ?? 0, few: few ?? 0 };
    left -= 1;
    if (left === 0) child.kill('SIGKILL');
  }
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  return ended;
}

type Written = Map<string, { readonly table: string; readonly numbers: readonly number[] }>;

/** A line that was cut short was not committed. */
async function ledgerLines(path: string): Promise<Written> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const whole = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
  const lines = whole.filter((line) => line.startsWith('{') && line.endsWith('}'));
  return new Map(lines.map((line) => JSON.parse(line)).map(({ id, table, numbers }) => [id, { table, numbers }]));
}

/** The numbers from `start` on, each once, at least to `last`. */
function assertEach(written: Written, table: string, start: number, last: number, hint: string): void {
  const numbers = [...written.values()].filter((each) => each.table === table).flatMap((each) => each.numbers);
  const ofRound = numbers.filter((number) => number >= start).toSorted((a, b) => a - b);
  const expected = Array.from({ length: ofRound.length }, (_, index) => start + index);
  assert.deepEqual(ofRound, expected, `${hint}: ${table}`);
  assert(start + ofRound.length - 1 >= last, `${hint}: ${table} to ${last}, found to ${start + ofRound.length - 1}`);
}

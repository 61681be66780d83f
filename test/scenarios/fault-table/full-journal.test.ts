import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { CollectorStatus } from '../../../src/console/status.ts';
import type { LossLine } from '../../../src/query/losses.ts';
import { type LossField, sumOf } from '../../support/loss-ledger.ts';
import { skipWithout } from '../../support/packages.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import type { NodeProcess } from '../lab/node-process.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { type FaultOutcome, withTraffic } from './with-traffic.ts';

const isLong = process.env['ALL_FAULTS'] !== undefined;
const skip =
  whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping') || (!isLong && 'part of the long run: npm run test:long');
const DISK_BYTES = 16 << 20;
const PER_SECOND = 3000;
/** Of files that fit into it several times. */
const SMALL = {
  batch: { rows: 1000, bytes: '2MiB', age: '100ms' },
  journal: { minFreeBytes: '0', segmentBytes: '2MiB' },
};
/** Until the small disk is full. */
const FULL_WITHIN_MS = 90_000;
/** How long rows are lost: longer than a lease and a takeover window. */
const FULL_MS = 8000;
/** A minute is counted as stored some seconds after its end. */
const LEDGER_MS = 150_000;

for (const whenFull of ['dropOldest', 'dropNewest'] as const) {
  test(
    `the disk of the journal is full while the database is away, ${whenFull}: no role changes, each loss is in the ledger, and it goes on by itself`,
    { skip },
    (t) => fillAndMend(t, whenFull),
  );
}

async function fillAndMend(t: TestContext, whenFull: string): Promise<void> {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) return t.skip('needs the right to mount a small disk');
  const { pair, active } = await pairWithSmallDisk(t, join(disk.directory, 'journal'), whenFull);
  const epoch = await pair.epoch();
  const mark = await pair.mark();
  const [outcome] = await withTraffic(pair, ['netflow9'], () => fill(t, pair, active), PER_SECOND);
  assert.ok(outcome !== undefined);
  assert.equal(await pair.epoch(), epoch);
  assert.deepEqual(await pair.moves(mark), []);
  assert.doesNotMatch(await active.log(), /a process died/);
  await hasEachLoss(t, pair, active, outcome);
  const [longest] = outcome.gaps.toSorted((one, other) => other.to - other.from - (one.to - one.from));
  const isAtTheEnd = (longest?.to ?? 0) > outcome.sent - PER_SECOND * (FULL_MS / 2000);
  t.diagnostic(`${outcome.missing} of ${outcome.sent} are missing, the most of them ${JSON.stringify(longest)}`);
  if (whenFull === 'dropOldest') assert.equal(isAtTheEnd, false, 'the latest are kept');
}

/** The active node has its journal on the small disk, the other one where it always is. */
async function pairWithSmallDisk(t: TestContext, directory: string, whenFull: string) {
  const lab = await Lab.start();
  t.after(() => lab.remove());
  const journal = { ...SMALL.journal, whenFull };
  const pair = await RunningPair.of(lab, {
    sharesJournal: false,
    journal,
    settings: { batch: SMALL.batch },
    ownSettings: { a: { journal: { ...journal, directory } } },
  });
  await pair.a.start();
  await pair.becomes(pair.a, 'active');
  await pair.b.start();
  return { pair, active: await pair.isWell() };
}

/** The database is away until the disk has been full for a while. */
async function fill(t: TestContext, pair: RunningPair, active: NodeProcess): Promise<void> {
  const { database } = pair.lab;
  await database.stop('immediate');
  t.diagnostic(await untilRowsAreLost(pair, active));
  await pause(FULL_MS);
  assert.equal((await pair.status(active))?.own.role, 'active');
  await pair.isOwnedBy(active.host);
  await database.start();
  assert.equal(await pair.isWell(), active);
  await pair.until('all is well again', async () => isWell(await pair.collector(active)));
}

/** An operator hears of it before the first row is lost. @returns what it said */
async function untilRowsAreLost(pair: RunningPair, active: NodeProcess): Promise<string> {
  let alarm: string | undefined;
  let last: CollectorStatus | undefined;
  const areLost = async (): Promise<boolean> => {
    last = await pair.collector(active);
    if (last === undefined) return false;
    const heard = last.warnings.find((warning) => /^(disk of the )?journal \d+ % full/.test(warning));
    if (last.journal.lostRows === 0) alarm ??= heard;
    return last.journal.lostRows > 0;
  };
  await pair.until('rows are lost', areLost, FULL_WITHIN_MS);
  assert.ok(alarm !== undefined, 'there was an alarm before');
  assert.equal(last?.ready, false);
  return `${alarm} | ${last?.reasons.join('; ')}`;
}

function isWell(status: CollectorStatus | undefined): boolean {
  return status?.ready === true && status.warnings.length === 0 && status.journal.oldestMs < 1000;
}

/** What is not in the database is in the ledger as dropped, record by record. */
async function hasEachLoss(t: TestContext, pair: RunningPair, node: NodeProcess, outcome: FaultOutcome): Promise<void> {
  const { sent, stored, missing, double, unknown } = outcome;
  assert.deepEqual({ double, unknown }, { double: 0, unknown: 0 });
  assert.ok(missing > 0, 'nothing was lost');
  let ledger: Partial<Record<LossField, number>> = {};
  const isComplete = async (): Promise<boolean> => {
    const said = await node.command('loss', '--last', '1h', '--family', 'flow', '--json');
    const lines: LossLine[] = JSON.parse(said);
    const fields = ['lost', 'rows', 'dropped', 'rejected', 'stored'] as const;
    ledger = Object.fromEntries(fields.map((field) => [field, sumOf(lines, field)]));
    // Where segments go faster than they can be read, nobody knows whose rows they had: these are dropped at the sender `::`.
    const waiting = sumOf(lines, 'rows') - sumOf(lines, 'dropped') - sumOf(lines, 'stored');
    return waiting === 0 && (ledger.stored ?? 0) >= stored;
  };
  await pair.until('the ledger is complete', isComplete, LEDGER_MS).catch((error: unknown) => {
    t.diagnostic(JSON.stringify(ledger));
    throw error;
  });
  assert.deepEqual(ledger, { lost: 0, rows: sent, dropped: missing, rejected: 0, stored });
}

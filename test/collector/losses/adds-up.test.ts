import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DroppedRows } from '../../../src/collector/losses/dropped-rows.ts';
import { FlowPipeline } from '../../../src/collector/pipelines/flow-pipeline.ts';
import { RowIntake } from '../../../src/collector/pipelines/row-intake.ts';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import { askLosses, type LossLine } from '../../../src/query/losses.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { createLoad, type LoadProtocol } from '../../../src/traffic/load.ts';
import { decodeBatch, type SealedBatch } from '../../../storage/batch/batch-format.ts';
import { connect, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { insertBatch, prepareSession } from '../../../storage/database/insert-batch.ts';
import { coverTimes } from '../../../storage/database/partitions.ts';
import { StoredRows } from '../../../storage/losses/stored-rows.ts';
import { FlowRollups } from '../../../storage/rollups/flow-rollups.ts';
import type { Queue } from '../../../storage/queue.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
const MINUTE = 60_000_000;
const INTAKE = { limits: { maxRows: 400, maxAgeMs: 60_000 }, batchBytes: 1 << 22, queueMemoryBytes: 1 << 22 };

/** Takes every batch but some of flows, which it loses as a journal at its bound does. */
class LosingQueue implements Queue {
  readonly taken: SealedBatch[] = [];
  readonly #dropped: DroppedRows;
  #flows = 0;

  constructor(dropped: DroppedRows) {
    this.#dropped = dropped;
  }

  append(batch: SealedBatch): Promise<boolean> {
    const { table, rows } = batch;
    if (table === 'flows') this.#flows += 1;
    const isLost = table === 'flows' && this.#flows % 5 === 0;
    if (isLost) this.#dropped.take({ table, rows, why: 'the journal is full', batch });
    else {
      const copy = decodeBatch(Buffer.from(batch.encoded));
      assert.ok(copy);
      this.taken.push(copy);
    }
    batch.release();
    return Promise.resolve(!isLost);
  }
  hasRoom = () => true;
  next = async () => undefined;
  acknowledge(): void {}
  giveBack(): void {}
  depth = () => ({ batches: 0, rows: 0, bytes: 0, oldestMs: 0 });
  close = async () => {};
}

interface Sent {
  datagrams: number;
  records: number;
  notDelivered: number;
}

/** Two minutes of datagrams of three exporters; every eleventh is lost on the way, every seventh comes twice. */
function deliver(pipeline: FlowPipeline, protocol: LoadProtocol, network: string): Map<string, Sent> {
  const load = createLoad({ protocol, exporters: 3, seed: 7, recordsPerDatagram: 10, startMs: NOON / 1000 });
  const sent = new Map<string, Sent>();
  for (let turn = 0; turn < 240; turn += 1) {
    const nowMicros = NOON + turn * 500_000;
    for (const [index, exporter] of load.exporters.entries()) {
      const { bytes, ...prepared } = exporter.next(nowMicros / 1000);
      // RFC 7011 section 3.1: the sequence number counts all data records, those of options among them.
      const records = prepared.records + (protocol === 'ipfix' ? prepared.optionRecords : 0);
      const sourceAddress = `${network}.${index + 1}`;
      const account = sent.get(sourceAddress) ?? { datagrams: 0, records: 0, notDelivered: 0 };
      account.datagrams += 1;
      account.records += records;
      sent.set(sourceAddress, account);
      const datagram = { bytes, sourceAddress, sourcePort: 40_000, localPort: 2055, receivedAtMicros: nowMicros };
      // The last is delivered: nobody could know of it otherwise.
      if (turn % 11 === 10 && turn < 239) account.notDelivered += protocol === 'v9' ? 1 : records;
      else for (let copy = 0; copy < (turn % 7 === 6 ? 2 : 1); copy += 1) pipeline.receive(datagram);
    }
  }
  return sent;
}

async function store(client: DatabaseClient, batches: readonly SealedBatch[]): Promise<void> {
  await prepareSession(client);
  await coverTimes(client, 'flows', [NOON], 'day');
  for (const batch of batches) await insertBatch(client, batch, 'a');
  const minutes = [NOON, NOON + MINUTE];
  const rollups = new FlowRollups(100, Number.MAX_SAFE_INTEGER, systemClock);
  await rollups.prepare(client, minutes);
  for (const step of [rollups, new StoredRows()]) await step.apply(client, 'flows', minutes);
}

for (const protocol of ['v5', 'v9', 'ipfix'] as const) {
  test(`what ${protocol} exporters sent is what arrived and what was lost, and every row has an end`, async (t) => {
    const dropped = new DroppedRows(systemClock);
    const queue = new LosingQueue(dropped);
    const pipeline = new FlowPipeline({ decoder: {}, intake: INTAKE }, queue, systemClock, silentLog);
    const sent = deliver(pipeline, protocol, '192.0.2');
    await pipeline.stop();
    const intake = new RowIntake(INTAKE, queue, systemClock, silentLog);
    dropped.write(intake.open(LOSSES, 'small'));
    await intake.settle();

    const database = await startTestDatabase();
    t.after(() => database.stop());
    const client = await connect(database.address);
    t.after(() => disconnect(client));
    await store(client, queue.taken);
    const range = { from: new Date(NOON / 1000), to: new Date(NOON / 1000 + 120_000) };
    const lines = await askLosses(client, { range, senders: ['192.0.2.0/24'], family: 'flow', by: 'sender' });

    assert.deepEqual(lines.map(({ key }) => key).toSorted(), [...sent.keys()].toSorted());
    for (const line of lines) holdToRecord(line, sent.get(line.key), protocol);
    assert.ok(
      lines.some((line) => line.dropped > 0),
      'some rows were lost at the bound',
    );
    const minutes = await askLosses(client, { range, senders: [], family: undefined, by: 'minute' });
    assert.deepEqual(
      minutes.map(({ key }) => key),
      ['2026-11-22T12:00:00Z', '2026-11-22T12:01:00Z'],
    );
  });
}

function holdToRecord(line: LossLine, record: Sent | undefined, protocol: LoadProtocol): void {
  assert.ok(record);
  assert.equal(line.sent, protocol === 'v9' ? record.datagrams : record.records, `sent by ${line.key}`);
  assert.equal(line.lost, record.notDelivered, `lost of ${line.key}`);
  assert.equal(line.rows, line.filtered + line.dropped + line.rejected + line.stored, `rows of ${line.key}`);
  assert.equal(line.waiting, 0);
  assert.ok(line.duplicates > 0);
}

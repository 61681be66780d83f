import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addReports, besideThose, countsOf } from '../../src/keeper/add-reports.ts';
import type { WorkerReport } from '../../src/worker/worker-report.ts';
import { exampleStatus } from '../support/example-status.ts';

/** What a worker says that has done what the example status shows. */
function report(over: Partial<WorkerReport> = {}): WorkerReport {
  const { listeners, flow, syslog, snmp, journal, queue, writer } = exampleStatus();
  return { listeners, flow, syslog, snmp, journal, queue, writer, reasons: [], memoryBytes: 1000, ...over };
}

test('counts and depths of workers are added up, and each port stays one listener', () => {
  const sum = addReports([report(), report()]);
  const one = report();
  assert.equal(sum.flow.records, 2 * one.flow.records);
  assert.equal(sum.writer.rows, 2 * one.writer.rows);
  assert.equal(sum.memoryBytes, 2000);
  assert.equal(sum.listeners.length, one.listeners.length);
  const [listener] = sum.listeners;
  assert.ok(listener?.transport === 'udp');
  assert.deepEqual([listener.port, listener.datagrams], [2055, 2000]);
  // Each socket has a buffer of its own.
  assert.equal(listener.receiveBufferBytes, 8 * 1024 * 1024);
  assert.deepEqual(sum.snmp.refused, { 'unknown-community': 4 });
  assert.equal(sum.syslog.rules.length, 1);
});

test('the worst of the writers and the oldest of the journals speak for all', () => {
  const { journal, writer } = report();
  const sum = addReports([
    report({ journal: { ...journal, oldestMs: 9000 }, writer: { ...writer, state: 'waiting', error: 'away' } }),
    report({ journal: { ...journal, oldestMs: 10 } }),
  ]);
  assert.deepEqual([sum.writer.state, sum.writer.error, sum.journal.oldestMs], ['waiting', 'away', 9000]);
});

test('of a worker that has ended the counts stay, and nothing that was true of it alone', () => {
  const one = report();
  const ended = report({
    reasons: ['rows are lost'],
    journal: { ...one.journal, batches: 5, lostRows: 7 },
    flow: { ...one.flow, held: 3 },
    listeners: one.listeners.map((each) => (each.transport === 'udp' ? { ...each, kernelDrops: 4 } : each)),
  });
  const sum = addReports([countsOf(ended), ended]);
  assert.equal(sum.flow.records, 2 * one.flow.records);
  assert.equal(sum.flow.held, 3);
  assert.equal(sum.flow.exporters, one.flow.exporters);
  assert.deepEqual([sum.journal.batches, sum.journal.lostRows], [5, 14]);
  // The kernel counts for the socket, whichever worker reads it.
  assert.deepEqual(
    sum.listeners.flatMap((each) => (each.transport === 'udp' ? [each.kernelDrops] : [])),
    [4],
  );
  assert.deepEqual(countsOf(ended).reasons, []);
});

test('a listener that a reload took away goes with the workers that had it, and stays while none of their successors has said a word', () => {
  const { listeners, ...others } = report();
  const [first, ...rest] = listeners;
  assert.ok(first !== undefined);
  const ended = countsOf({ ...others, listeners });
  const successor = { ...others, listeners: rest };
  const shown = addReports([besideThose(ended, [successor]), successor]).listeners;
  assert.deepEqual(
    shown.map(({ address, port }) => [address, port]),
    rest.map(({ address, port }) => [address, port]),
  );
  assert.deepEqual(besideThose(ended, []).listeners, ended.listeners);
});

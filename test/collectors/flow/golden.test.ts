import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FlowDecoder } from '../../../collectors/flow/flow-decoder.ts';
import {
  APPLICATIONS,
  COUNTER_SAMPLES,
  EXPORTERS as EXPORTERS_TABLE,
  FLOWS,
  INTERFACES,
} from '../../../collectors/flow/tables.ts';
import { readPcap } from '../../../src/traffic/pcap.ts';
import { EXPORTERS } from '../../support/exporters.ts';
import { describeTotals, totalOfRow, totalsOfTraffic } from '../../support/flow-totals.ts';
import { MemorySink } from '../../support/memory-sink.ts';
import { createTrafficCapture, type KnownFlow } from '../../support/traffic-capture.ts';

interface Expected {
  readonly expectedFrom: string;
  readonly equalsTheTraffic: boolean;
  readonly startSeconds: number;
  readonly shortFlows: number;
  readonly flows: readonly string[];
}

for (const exporter of EXPORTERS) {
  const folder = new URL(`../../cases/${exporter.name}/`, import.meta.url);
  const expected: Expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'));
  const { rows, troubles } = decode(new URL('datagrams.pcap', folder));
  const totals = rows.map(totalOfRow);

  test(`${exporter.name}: the rows add up to what ${expected.expectedFrom} reads`, () => {
    assert.deepEqual(troubles, []);
    assert.deepEqual(describeTotals(totals, { ...exporter.omits, ...exporter.referenceOmits }), expected.flows);
  });

  test(`${exporter.name}: the rows add up to the traffic`, { skip: trafficIsCutShort(expected) }, () => {
    const { flows } = createTrafficCapture(expected.startSeconds, expected.shortFlows);
    assert.deepEqual(
      describeTotals(totals, exporter.omits),
      describeTotals(totalsOfTraffic(flows, exporter.omits), exporter.omits),
    );
  });

  const { timesWithinMs } = exporter;
  if (timesWithinMs === undefined) continue;
  test(`${exporter.name}: the times are those of the packets`, () => {
    const { flows } = createTrafficCapture(expected.startSeconds, expected.shortFlows);
    for (const row of rows) {
      const { first, last } = timesOfConversation(flows, row);
      assertNear(row['flow_start'], first, timesWithinMs, `start of ${nameOf(row)}`);
      assertNear(row['flow_end'], last, timesWithinMs, `end of ${nameOf(row)}`);
    }
  });
}

function decode(capture: URL): { rows: Record<string, unknown>[]; troubles: unknown[] } {
  const flows = new MemorySink(FLOWS);
  const troubles: unknown[] = [];
  const sinks = {
    flows,
    counterSamples: new MemorySink(COUNTER_SAMPLES),
    interfaces: new MemorySink(INTERFACES),
    applications: new MemorySink(APPLICATIONS),
    exporters: new MemorySink(EXPORTERS_TABLE),
    losses: new MemorySink(LOSSES),
  };
  const decoder = new FlowDecoder({}, sinks, (trouble) => troubles.push(trouble));
  for (const { payload, sourceAddress, sourcePort, destinationPort, timeMicros } of readPcap(readFileSync(capture))) {
    const from = { sourceAddress, sourcePort, localPort: destinationPort };
    decoder.decode({ bytes: payload, ...from, receivedAtMicros: timeMicros });
  }
  return { rows: flows.read(), troubles };
}

function trafficIsCutShort({ equalsTheTraffic }: Expected): string | false {
  return equalsTheTraffic ? false : 'the exporter did not send all of it';
}

/** These exporters keep one pair of times for both directions. */
function timesOfConversation(
  flows: readonly KnownFlow[],
  row: Record<string, unknown>,
): { first: number; last: number } {
  const ends = [row['src_addr'], row['dst_addr']];
  const both = flows.filter(
    (flow) =>
      ends.includes(flow.source) &&
      ends.includes(flow.destination) &&
      // Ports tell conversations of the same hosts apart; ICMP has none.
      (flow.sourcePort === 0 || [row['src_port'], row['dst_port']].includes(flow.sourcePort)),
  );
  assert.notEqual(both.length, 0, `${nameOf(row)} is in the traffic`);
  return {
    first: Math.min(...both.map((flow) => flow.firstMicros)),
    last: Math.max(...both.map((flow) => flow.lastMicros)),
  };
}

function nameOf(row: Record<string, unknown>): string {
  return `${String(row['src_addr'])} ${String(row['src_port'])} > ${String(row['dst_addr'])}`;
}

function assertNear(found: unknown, micros: number, withinMs: number, what: string): void {
  const milliseconds = (Number(found) - micros) / 1000;
  assert.ok(found !== null && Math.abs(milliseconds) <= withinMs, `${what} is ${milliseconds} ms off`);
}

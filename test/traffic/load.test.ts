import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Inspector } from '../../src/traffic/inspector.ts';
import { createLoad, LOAD_PROTOCOLS } from '../../src/traffic/load.ts';
import type { OracleDatagram } from './netflowv9-oracle.ts';

const NOW_MS = 1_700_000_000_500;

async function askOracle(datagrams: readonly Buffer[]): Promise<readonly OracleDatagram[]> {
  // Without the test runner's own options, which would make the child a test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = fork(join(import.meta.dirname, 'netflowv9-oracle.ts'), { execArgv: [], env });
  child.send(datagrams.map((bytes) => bytes.toString('base64')));
  const [decoded]: OracleDatagram[][] = await once(child, 'message');
  assert.ok(decoded !== undefined);
  return decoded;
}

for (const [protocol, octets, packets] of [
  ['v5', 'in_bytes', 'in_pkts'],
  ['v9', 'in_bytes', 'in_pkts'],
] as const) {
  test(
    `an independent reader of ${protocol} comes to the very totals that the generator promises`,
    { timeout: 20_000 },
    async () => {
      const { datagrams, totals } = createLoad({ protocol, exporters: 1, startMs: NOW_MS }).take(200, NOW_MS);
      const sums = { records: 0, octets: 0, packets: 0 };
      const sequences: number[] = [];
      for (const { header, flows = [] } of await askOracle(datagrams)) {
        sequences.push(Number(header?.['sequence']));
        for (const flow of flows) {
          if (flow[octets] === undefined) continue; // option data
          sums.records += 1;
          sums.octets += Number(flow[octets]);
          sums.packets += Number(flow[packets]);
        }
      }
      assert.deepEqual(sums, { records: totals.records, octets: totals.octets, packets: totals.packets });
      const step = protocol === 'v5' ? 30 : 1;
      assert.deepEqual(
        sequences,
        Array.from(datagrams, (_, index) => index * step),
      );
    },
  );
}

for (const protocol of LOAD_PROTOCOLS) {
  for (const ipv6Share of protocol === 'v5' ? [0] : [0, 0.4]) {
    test(`the collector's own decoder reads ${protocol} as it was meant, ${ipv6Share * 100} % of it IPv6`, () => {
      const load = createLoad({ protocol, exporters: 3, ipv6Share, samplingRate: 500, startMs: NOW_MS });
      const inspector = new Inspector();
      const sums = { records: 0, octets: 0, packets: 0, ipv6: 0 };
      const { datagrams, totals } = load.take(300, NOW_MS);
      for (const bytes of datagrams) {
        for (const finding of inspector.inspect(arrived(bytes))) {
          if (finding.kind === 'trouble') assert.fail(finding.trouble.detail);
          if (finding.kind !== 'flow') continue;
          sums.records += 1;
          sums.octets += Number(finding.row['bytes']);
          sums.packets += Number(finding.row['packets']);
          sums.ipv6 += String(finding.row['src_addr']).includes(':') ? 1 : 0;
          assert.equal(finding.row['sampling_rate'], 500);
        }
      }
      assert.equal(sums.records, totals.records);
      assert.equal(sums.octets, totals.octets);
      assert.equal(sums.packets, totals.packets);
      assert.ok(Math.abs(sums.ipv6 / sums.records - ipv6Share) < 0.05, `${sums.ipv6} of ${sums.records}`);
      const exporters = [...inspector.exporters()];
      assert.deepEqual(
        exporters.map(({ observationDomain }) => observationDomain),
        [1, 2, 3],
      );
      for (const { lost, reordered, restarts } of exporters) assert.deepEqual([lost, reordered, restarts], [0, 0, 0]);
    });
  }
}

function arrived(bytes: Buffer) {
  return {
    bytes,
    sourceAddress: '127.0.0.1',
    sourcePort: 40_000,
    localPort: 2055,
    receivedAtMicros: NOW_MS * 1000,
  };
}

test('record times keep up with the clock', () => {
  for (const protocol of ['v5', 'v9', 'ipfix'] as const) {
    const load = createLoad({ protocol, exporters: 1, recordsPerDatagram: 1, startMs: NOW_MS });
    const inspector = new Inspector();
    for (const laterMs of [0, 100, 3_600_000]) {
      const nowMs = NOW_MS + laterMs;
      for (const bytes of load.take(1100, nowMs).datagrams) {
        for (const finding of inspector.inspect({ ...arrived(bytes), receivedAtMicros: nowMs * 1000 })) {
          if (finding.kind !== 'flow') continue;
          const age = nowMs - Number(finding.row['flow_end']) / 1000;
          assert.ok(age >= -1000 && age < 4000, `${protocol}: ended ${age} ms ago`);
        }
      }
    }
  }
});

test('IPFIX counts option records in its sequence number, and v9 counts datagrams of templates', () => {
  const ipfix = createLoad({ protocol: 'ipfix', exporters: 1, recordsPerDatagram: 7, startMs: NOW_MS });
  const sequences = ipfix.take(4, NOW_MS).datagrams.map((bytes) => bytes.readUInt32BE(8));
  assert.deepEqual(sequences, [0, 1, 8, 15]); // templates with one option record, then seven records each
  const v9 = createLoad({ protocol: 'v9', exporters: 1, startMs: NOW_MS });
  assert.deepEqual(
    v9.take(3, NOW_MS).datagrams.map((bytes) => bytes.readUInt32BE(12)),
    [0, 1, 2],
  );
});

test('sequence numbers wrap at 32 bits', () => {
  const load = createLoad({ protocol: 'v5', exporters: 1, firstSequence: 0xff_ff_ff_f0, startMs: NOW_MS });
  const sequences = load.take(3, NOW_MS).datagrams.map((bytes) => bytes.readUInt32BE(16));
  assert.deepEqual(sequences, [0xff_ff_ff_f0, 14, 44]);
  assert.equal(load.exporters[0]?.lastSequence, 44);
  assert.equal(load.exporters[0]?.nextSequence, 74);
});

test('templates come first and again when they are due', () => {
  const load = createLoad({ protocol: 'v9', exporters: 1, templateEveryMs: 1000, startMs: NOW_MS });
  const [exporter] = load.exporters;
  const templates = [0, 10, 999, 1000, 1500, 2000].map((after) => exporter?.next(NOW_MS + after).templates);
  assert.deepEqual(templates, [3, 0, 0, 3, 0, 3]);
});

test('the same seed gives the same bytes, another one gives others', () => {
  const bytesOf = (seed: number) =>
    Buffer.concat(createLoad({ protocol: 'ipfix', exporters: 2, seed, startMs: NOW_MS }).take(20, NOW_MS).datagrams);
  assert.ok(bytesOf(7).equals(bytesOf(7)));
  assert.ok(!bytesOf(7).equals(bytesOf(8)));
});

test('datagrams fit an Ethernet frame unless more records are asked for', () => {
  for (const protocol of LOAD_PROTOCOLS) {
    for (const ipv6Share of protocol === 'v5' ? [0] : [0, 0.5]) {
      const { datagrams } = createLoad({ protocol, exporters: 1, ipv6Share }).take(100, NOW_MS);
      assert.ok(Math.max(...datagrams.map(({ length }) => length)) <= 1472);
    }
  }
  const large = createLoad({ protocol: 'sflow', exporters: 1, recordsPerDatagram: 2000 }).take(10, NOW_MS);
  assert.ok(Math.max(...large.datagrams.map(({ length }) => length)) <= 65_507);
});

test('what NetFlow v5 cannot carry is refused in words', () => {
  assert.throws(() => createLoad({ protocol: 'v5', exporters: 1, ipv6Share: 0.1 }), {
    code: 'USAGE',
    message: /IPv4 only/,
  });
  assert.throws(() => createLoad({ protocol: 'v5', exporters: 1, recordsPerDatagram: 31 }), { message: /at most 30/ });
});

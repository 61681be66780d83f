import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { EXPORTERS, type Exporter } from '../support/exporters.ts';
import { describeTotals, type FlowTotal, totalOfRow, totalsOfTraffic } from '../support/flow-totals.ts';
import { ethernetFrame, pcapFile, udpDatagram } from '../support/frames.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { recordDatagrams } from '../support/recorder.ts';
import { collectWithNfcapd, readWithSfacctd } from '../support/reference-collectors.ts';
import { createTrafficCapture, type KnownFlow } from '../support/traffic-capture.ts';

const SHORT_FLOWS = 300;

let folder: string;
let collector: CollectorProcess;
let client: DatabaseClient;

before(async () => {
  folder = await temporaryDirectory();
  const database = await startTestDatabase();
  client = await connect(database.address);
  collector = await CollectorProcess.start({ folder, databaseUrl: database.connectionString });
});

after(async () => {
  await collector.stop();
  await disconnect(client);
});

for (const exporter of EXPORTERS.filter(({ protocol }) => protocol !== 'sflow5')) {
  test(
    `${exporter.name}: the database holds the totals that nfdump computes and that the traffic had`,
    { skip: skipWithout(exporter.command, 'nfcapd', 'nfdump') },
    async () => {
      const { capture, flows, own } = await prepare(exporter);
      const since = await databaseTime();
      const [reference] = await Promise.all([
        collectWithNfcapd((port) => exporter.exportCapture(capture, port, own), own),
        exporter.exportCapture(capture, collector.flowPort, own),
      ]);
      const expected = totalsOfTraffic(flows, exporter.omits);
      const stored = await storedTotals(since, expected.length);
      const omits = { ...exporter.omits, ...exporter.referenceOmits };
      assert.deepEqual(describeTotals(stored, omits), describeTotals(reference, omits));
      assert.deepEqual(describeTotals(stored, exporter.omits), describeTotals(expected, exporter.omits));
    },
  );
}

for (const exporter of EXPORTERS.filter(({ protocol }) => protocol === 'sflow5')) {
  test(
    `${exporter.name}: the database holds the totals that sfacctd computes`,
    { skip: skipWithout(exporter.command, 'sfacctd') },
    async () => {
      const { capture, own } = await prepare(exporter);
      const since = await databaseTime();
      // The exporter drops its last packets, how many depends on its timing: both collectors must be shown the same datagrams.
      const recorded = await recordDatagrams((port) => exporter.exportCapture(capture, port, own));
      const recording = join(own, 'recording.pcap');
      await writeFile(recording, captureOf(recorded.map(({ payload }) => payload)));
      await sendToCollector(recorded.map(({ payload }) => payload));
      const reference = await readWithSfacctd(recording, own);
      const packets = reference.reduce((sum, flow) => sum + flow.packets, 0);
      const stored = await storedTotals(since, packets);
      const omits = { ...exporter.omits, ...exporter.referenceOmits };
      assert.deepEqual(describeTotals(stored, omits), describeTotals(reference, omits));
    },
  );
}

async function prepare(exporter: Exporter): Promise<{ capture: string; flows: KnownFlow[]; own: string }> {
  const own = await mkdtemp(join(folder, `${exporter.name}-`));
  const { pcap, flows } = createTrafficCapture(Math.floor(Date.now() / 1000) - 5, SHORT_FLOWS);
  const capture = join(own, 'traffic.pcap');
  await writeFile(capture, pcap);
  return { capture, flows, own };
}

async function databaseTime(): Promise<string> {
  const { rows } = await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  return rows[0]?.now ?? '';
}

/** Waits for as many rows, or as many as will come; whether they are the right ones is for the caller to say. */
async function storedTotals(since: string, rowsExpected: number): Promise<FlowTotal[]> {
  const count = async () => {
    const found = await client.query<{ count: string }>('SELECT count(*) FROM flows WHERE received_at >= $1', [since]);
    return Number(found.rows[0]?.count);
  };
  await eventually('all rows are stored', async () => (await count()) >= rowsExpected).catch(() => {});
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT protocol, host(src_addr) AS src_addr, host(dst_addr) AS dst_addr, src_port, dst_port, vlan, tos, packets, bytes
     FROM flows WHERE received_at >= $1`,
    [since],
  );
  return rows.map(totalOfRow);
}

async function sendToCollector(payloads: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const payload of payloads) {
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null) => (error === null ? resolve() : reject(error));
      socket.send(payload, collector.flowPort, '127.0.0.1', done);
    });
  }
  socket.close();
}

function captureOf(payloads: readonly Buffer[]): Buffer {
  const between = { protocol: 17, source: '192.0.2.1', destination: '192.0.2.2' };
  return pcapFile(
    payloads.map((payload, index) => ({
      micros: Date.now() * 1000 + index,
      frame: ethernetFrame(between, udpDatagram(40_000, 6343, payload)),
    })),
  );
}

/**
 * Records what real exporters send into `test/cases/`, with what real collectors read from it. Run by hand when an exporter
 * changes: `node test/record-cases.ts`. Needs softflowd, pmacct and nfdump (`npm test` as root installs them).
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSocket } from 'node:dgram';
import { EXPORTERS } from './support/exporters.ts';
import type { Exporter } from './support/exporters.ts';
import { describeTotals, totalsOfTraffic } from './support/flow-totals.ts';
import { ethernetFrame, pcapFile, udpDatagram } from './support/frames.ts';
import { recordDatagrams } from './support/recorder.ts';
import type { Recorded } from './support/recorder.ts';
import { collectWithNfcapd, readWithSfacctd } from './support/reference-collectors.ts';
import { createTrafficCapture } from './support/traffic-capture.ts';

const CASES = join(dirname(fileURLToPath(import.meta.url)), 'cases');
const SHORT_FLOWS = 40;
const EXPORTER_ADDRESS = '192.0.2.1';
const COLLECTOR_ADDRESS = '192.0.2.2';

for (const exporter of EXPORTERS) {
  const folder = await mkdtemp(join(tmpdir(), 'dogwatch-case-'));
  await recordCase(exporter, folder);
  await rm(folder, { recursive: true });
}

async function recordCase(exporter: Exporter, folder: string): Promise<void> {
  // softflowd takes the time when it was started for the time when the exporter booted: old traffic would get times far off.
  const startSeconds = Math.floor(Date.now() / 1000) - 5;
  const traffic = createTrafficCapture(startSeconds, SHORT_FLOWS);
  const capture = join(folder, 'traffic.pcap');
  await writeFile(capture, traffic.pcap);
  const recorded = await recordDatagrams((port) => exporter.exportCapture(capture, port, folder));
  const datagrams = captureOf(recorded);
  const target = join(CASES, exporter.name);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'datagrams.pcap'), datagrams);

  const sflow = exporter.protocol === 'sflow5';
  const totals = sflow
    ? await readWithSfacctd(join(target, 'datagrams.pcap'), folder)
    : await collectWithNfcapd((port) => sendAll(recorded, port), folder);
  const omits = { ...exporter.omits, ...exporter.referenceOmits };
  const flows = describeTotals(totals, omits);
  const known = describeTotals(totalsOfTraffic(traffic.flows, omits), omits);
  const expected = {
    made: `${exporter.description}, reading the capture of test/support/traffic-capture.ts`,
    expectedFrom: sflow ? 'sfacctd 1.7.7' : 'nfdump 1.7.1',
    equalsTheTraffic: JSON.stringify(flows) === JSON.stringify(known),
    startSeconds,
    shortFlows: SHORT_FLOWS,
    flows,
  };
  await writeFile(join(target, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
  process.stdout.write(
    `${exporter.name}: ${recorded.length} datagrams, ${flows.length} flows` +
      `${expected.equalsTheTraffic ? '' : ', not all of the traffic'}\n`,
  );
}

function captureOf(recorded: readonly Recorded[]): Buffer {
  const now = Date.now() * 1000;
  return pcapFile(
    recorded.map(({ sourcePort, payload }, index) => ({
      micros: now + index,
      frame: ethernetFrame(
        { protocol: 17, source: EXPORTER_ADDRESS, destination: COLLECTOR_ADDRESS },
        udpDatagram(sourcePort, 2055, payload),
      ),
    })),
  );
}

async function sendAll(recorded: readonly Recorded[], port: number): Promise<void> {
  const socket = createSocket('udp4');
  for (const { payload } of recorded) {
    await new Promise<void>((resolve, reject) => {
      socket.send(payload, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  }
  socket.close();
}

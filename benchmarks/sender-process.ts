/** The process behind `support/sender.ts`: sends what each order asks for, and answers with what it sent. */
import { createLoad } from '../src/traffic/load.ts';
import { sendLoad } from '../src/traffic/send-load.ts';
import { BENCHMARK_LOAD } from './support/benchmark-load.ts';
import type { SendOrder, Sent } from './support/sender.ts';

process.on('message', (order: SendOrder) => void obey(order));
process.on('disconnect', () => process.exit());

async function obey({ port, recordsPerSecond, seconds }: SendOrder): Promise<void> {
  // Its templates come first again, so that each order stands for itself.
  const report = await sendLoad(createLoad(BENCHMARK_LOAD), {
    target: { address: '127.0.0.1', port, family: 4 },
    recordsPerSecond,
    durationMs: seconds * 1000,
  });
  const sent: Sent = {
    records: report.totals.records,
    octets: report.totals.octets,
    packets: report.totals.packets,
    datagrams: report.totals.datagrams,
    wireBytes: report.wireBytes,
    seconds: report.seconds,
    recordsPerSecond: report.recordsPerSecond,
    skippedRecords: report.skippedRecords,
  };
  process.send?.(sent);
}

/** The process behind `support/sender.ts` that sends syslog over UDP; a message is a record. */
import { sendSyslog } from '../src/traffic/syslog/send-syslog.ts';
import { createSyslogLoad } from '../src/traffic/syslog/syslog-load.ts';
import { TYPICAL_SHARES } from './support/typical-syslog.ts';
import type { SendOrder, Sent } from './support/sender.ts';

process.on('message', (order: SendOrder) => void obey(order));
process.on('disconnect', () => process.exit());

async function obey({ port, recordsPerSecond, seconds }: SendOrder): Promise<void> {
  // Numbered from 0 again, so that each order stands for itself.
  const report = await sendSyslog(createSyslogLoad({ dialect: 'mix', devices: 20, shares: TYPICAL_SHARES }), {
    target: { address: '127.0.0.1', port, family: 4 },
    transport: 'udp',
    messagesPerSecond: recordsPerSecond,
    durationMs: seconds * 1000,
  });
  if (report.notWritten > 0) throw new Error(`the kernel refused messages: ${JSON.stringify(report.errors)}`);
  const sent: Sent = {
    records: report.messages,
    octets: 0,
    packets: 0,
    datagrams: report.messages,
    wireBytes: report.wireBytes ?? 0,
    seconds: report.seconds,
    recordsPerSecond: report.messagesPerSecond,
    skippedRecords: report.skipped,
  };
  process.send?.(sent);
}

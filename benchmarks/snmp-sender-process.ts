/**
 * The process behind `support/sender.ts` that sends traps; a trap is a record. Its argument is the version: v2c, v3. Encrypting
 * and signing as fast as a collector reads would take the core that it needs: all traps of an order are made before the first is
 * sent.
 */
import { paceEvenly } from '../src/traffic/even-pace.ts';
import { createTrapLoad } from '../src/traffic/snmp/trap-load.ts';
import { UdpOutlet } from '../src/traffic/syslog/transport/udp-outlet.ts';
import { ErrorTally, wireBytes } from '../src/traffic/udp-target.ts';
import { PreparedDatagrams } from './support/prepared-datagrams.ts';
import type { SendOrder, Sent } from './support/sender.ts';
import { benchLoad } from './support/snmp-load.ts';

const CONNECTIONS = 20;
const version = process.argv[2] === 'v3' ? 'v3' : 'v2c';
let prepared: PreparedDatagrams | undefined;

process.on('message', (order: SendOrder) => void obey(order));
process.on('disconnect', () => process.exit());

async function obey(order: SendOrder): Promise<void> {
  prepared ??= prepare(order);
  if (order.isPreparation === true) {
    process.send?.('ready');
    return;
  }
  const sent = await send(order, prepared);
  prepared = undefined;
  process.send?.(sent);
}

/** Numbered from 0 again, so that each order stands for itself. */
function prepare({ recordsPerSecond, seconds }: SendOrder): PreparedDatagrams {
  const load = createTrapLoad(benchLoad(version));
  const datagrams = new PreparedDatagrams(Math.ceil(recordsPerSecond * seconds));
  const nowMs = Date.now();
  for (let index = 0; index < recordsPerSecond * seconds; index += 1) {
    datagrams.add(load.message(index % load.devices, nowMs));
  }
  return datagrams;
}

async function send({ port, recordsPerSecond, seconds }: SendOrder, datagrams: PreparedDatagrams): Promise<Sent> {
  const target = { address: '127.0.0.1', port, family: 4 } as const;
  const errors = new ErrorTally();
  const outlets = Array.from(
    { length: CONNECTIONS },
    (_, index) => new UdpOutlet({ target, source: 'ports', index, errors }),
  );
  await Promise.all(outlets.map((outlet) => outlet.start()));
  let records = 0;
  const { elapsedMs, skipped } = await paceEvenly({ perSecond: recordsPerSecond, durationMs: seconds * 1000 }, () => {
    const outlet = outlets[records % CONNECTIONS];
    if (records >= datagrams.count || outlet?.ready !== true) return undefined;
    outlet.send(datagrams.at(records));
    records += 1;
    return 1;
  });
  await Promise.all(outlets.map((outlet) => outlet.finish(AbortSignal.timeout(1000))));
  if (Object.keys(errors.counts).length > 0) throw new Error(`not all was sent: ${JSON.stringify(errors.counts)}`);
  const payloadBytes = outlets.reduce((sum, { counts }) => sum + counts.payloadBytes, 0);
  return {
    records,
    octets: 0,
    packets: 0,
    datagrams: records,
    wireBytes: wireBytes(records, payloadBytes, target.family),
    seconds: elapsedMs / 1000,
    recordsPerSecond: (records / elapsedMs) * 1000,
    skippedRecords: skipped,
  };
}

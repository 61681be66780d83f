/** A process behind `support/sender.ts` that floods: traps of v3 with a known user name, each of another made-up engine. */
import { paceEvenly } from '../src/traffic/even-pace.ts';
import { createTrapLoad } from '../src/traffic/snmp/trap-load.ts';
import { UdpOutlet } from '../src/traffic/syslog/transport/udp-outlet.ts';
import { ErrorTally } from '../src/traffic/udp-target.ts';
import type { SendOrder, Sent } from './support/sender.ts';
import { BENCH_USER } from './support/snmp-load.ts';

// Enterprise 1, format 5: what follows is as the maker likes.
const ENGINE_ID = Buffer.from('800000010500112233445566778899aabb', 'hex');
const RANDOM_FROM = 5;

process.on('message', (order: SendOrder) => void obey(order));
process.on('disconnect', () => process.exit());

async function obey({ port, recordsPerSecond, seconds }: SendOrder): Promise<void> {
  const user = { ...BENCH_USER, firstEngineId: ENGINE_ID };
  const load = createTrapLoad({ version: 3, pdu: 'trap', devices: 1, kind: 'linkDown', user });
  const message = Buffer.from(load.message(0, Date.now()));
  const engineAt = message.indexOf(ENGINE_ID);
  if (engineAt < 0) throw new Error('a message without its engine id');
  // An address of its own, as a flood has; it knows no pass phrase, so no digest can be right.
  const outlet = new UdpOutlet({
    target: { address: '127.0.0.1', port, family: 4 },
    source: 'loopback-range',
    index: 0,
    errors: new ErrorTally(),
  });
  await outlet.start();
  const outcome = await paceEvenly({ perSecond: recordsPerSecond, durationMs: seconds * 1000 }, () => {
    if (!outlet.ready) return undefined;
    for (let at = engineAt + RANDOM_FROM; at < engineAt + ENGINE_ID.length; at += 4) {
      message.writeInt32LE((Math.random() * 0x1_0000_0000) | 0, Math.min(at, engineAt + ENGINE_ID.length - 4));
    }
    outlet.send(message);
    return 1;
  });
  await outlet.finish(AbortSignal.timeout(1000));
  const { messages: records, payloadBytes } = outlet.counts;
  const elapsed = outcome.elapsedMs / 1000;
  const sent: Sent = {
    records,
    octets: 0,
    packets: 0,
    datagrams: records,
    wireBytes: payloadBytes,
    seconds: elapsed,
    recordsPerSecond: records / elapsed,
    skippedRecords: outcome.skipped,
  };
  process.send?.(sent);
}

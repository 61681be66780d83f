/**
 * A listener in a process of its own that has descriptors left for a few connections only, fewer than it counts on. Reports
 * on standard output.
 */
import { closeSync, openSync } from 'node:fs';

import { StreamListener } from '../../../collectors/listener/stream-listener.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createLog } from '../../../src/runtime/log.ts';

const tell = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const listener = new StreamListener(
  {
    family: 'syslog',
    transport: 'tcp',
    address: '127.0.0.1',
    port: 0,
    allowFrom: [],
    maxMessageBytes: 65_536,
    maxConnections: 1000,
    maxConnectionsPerSource: 1000,
    idleMs: 60_000,
  },
  systemClock,
  (bytes) => tell(bytes.toString()),
  { whenAccepted: () => {}, hasRoom: () => true, whenRoom: async () => {} },
  createLog('warn'),
);
await listener.start();
for (const descriptor of takeAllDescriptors().slice(-20)) closeSync(descriptor);
tell({ port: listener.address()?.port });
setInterval(() => tell({ connections: listener.connections }), 100);

function takeAllDescriptors(): number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    return taken;
  }
}

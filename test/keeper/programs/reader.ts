import { openSync, writeSync } from 'node:fs';

import { StreamListener } from '../../../collectors/listener/stream-listener.ts';
import { UdpListener } from '../../../collectors/listener/udp-listener.ts';
import { liveAsChild } from '../../../src/processes/child-life.ts';
import type { LifeOnly } from '../../../src/processes/life.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

/** A reader's first sockets are for datagrams (listener 0) and streams (listener 1). */
export interface ReaderStart {
  /** Gets a line for each datagram, message: who read it and what it said; and at the stop the kernel's drops. */
  readonly file: string;
}

const LISTENER = { address: '127.0.0.1', port: 0, allowFrom: [] };
const STREAM = { maxMessageBytes: 1000, maxConnections: 100, maxConnectionsPerSource: 100, idleMs: 60_000 };
const ACCEPTANCE = { whenAccepted: () => {}, hasRoom: () => true, whenRoom: () => Promise.resolve() };
const running: (UdpListener | StreamListener)[] = [];
let report = (_line: string): void => {};

liveAsChild<LifeOnly, LifeOnly, ReaderStart>({
  async start({ file }, _channel, sockets) {
    const fd = openSync(file, 'a');
    // Written before the next one is read: what is lost by a kill is one datagram at most.
    report = (line) => void writeSync(fd, `${line}\n`);
    const [udp, tcp] = [sockets.get(0), sockets.get(1)];
    const heard = (bytes: Buffer): void => report(`${process.pid} ${bytes.toString('latin1')}`);
    if (udp !== undefined) {
      const options = { ...LISTENER, family: 'flow', receiveBufferBytes: 4096, socket: udp };
      running.push(new UdpListener(options, systemClock, ({ bytes }) => heard(bytes), silentLog));
    }
    if (tcp !== undefined) {
      const options = { ...LISTENER, ...STREAM, family: 'syslog', transport: 'tcp', socket: tcp } as const;
      running.push(new StreamListener(options, systemClock, (bytes) => heard(bytes), ACCEPTANCE, silentLog));
    }
    for (const listener of running) await listener.start();
  },
  async stop() {
    for (const listener of running) {
      await listener.stop();
      if (listener instanceof UdpListener) report(`${process.pid} drops=${listener.kernelDrops}`);
    }
  },
});

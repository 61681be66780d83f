import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SnmpDecoderOptions } from '../../../collectors/snmp/decoder-options.ts';
import { UsmProcessor } from '../../../collectors/snmp/usm/usm-processor.ts';
import type { UsmUserOptions } from '../../../collectors/snmp/usm/users/user-options.ts';
import { type SnmpDecoding, startSnmpDecoding, varbindsOf } from '../../support/snmp-decoding.ts';
import { StandingEngine } from '../../support/snmp-v3.ts';

interface ReceivingOptions extends SnmpDecoderOptions {
  readonly users?: readonly UsmUserOptions[];
  /** Whether datagram number so much (from 0) is lost on the way. */
  readonly loses?: (number: number) => boolean;
}

/** The collector's decoder behind a socket: keeps rows, and answers informs at once. */
export class ReceivingEngine {
  readonly engine = new StandingEngine();
  readonly decoding: SnmpDecoding;
  readonly ports = new Set<number>();
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
  #datagrams = 0;
  #watchers: (() => void)[] = [];

  static async open(options: ReceivingOptions = {}): Promise<ReceivingEngine> {
    const engine = new ReceivingEngine(options);
    engine.#socket.bind(0, '127.0.0.1');
    await once(engine.#socket, 'listening');
    return engine;
  }

  private constructor({ users = [], loses = () => false, ...options }: ReceivingOptions) {
    this.decoding = startSnmpDecoding(options, { security: new UsmProcessor({ users }, this.engine) });
    this.#socket.on('message', (bytes, { address, port }) => {
      this.#datagrams += 1;
      if (loses(this.#datagrams - 1)) return;
      this.ports.add(port);
      const { decoding } = this;
      decoding.feed(bytes, { sourceAddress: address, sourcePort: port, receivedAtMicros: Date.now() * 1000 });
      decoding.acceptance.settle(true);
      for (const { bytes: reply, to } of decoding.replies.splice(0)) this.#socket.send(reply, to.port, to.address);
      for (const watcher of this.#watchers) watcher();
    });
  }

  get target() {
    return { address: '127.0.0.1', port: this.#socket.address().port, family: 4 } as const;
  }

  /** Resolves when `count` notifications are stored. */
  async stored(count: number): Promise<Record<string, unknown>[]> {
    const { decoder } = this.decoding;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (decoder.totals.traps + decoder.totals.informs >= count) resolve();
      };
      this.#watchers.push(look);
      look();
    });
    this.#watchers = [];
    return this.decoding.rows();
  }

  close(): void {
    this.#socket.close();
  }
}

/** The running numbers of rows, in order. */
export function numbersOf(rows: readonly Record<string, unknown>[]): number[] {
  return rows
    .map((row) => Number(varbindsOf(row).find(({ oid }) => oid === '1.3.6.1.4.1.32473.1.1.0')?.value))
    .sort((a, b) => a - b);
}

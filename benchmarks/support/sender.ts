import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface SendOrder {
  readonly port: number;
  readonly recordsPerSecond: number;
  readonly seconds: number;
  /** Only to get ready for the same order without this, which comes next. Not every sender knows how. */
  readonly isPreparation?: boolean;
}

export interface Sent {
  readonly records: number;
  readonly octets: number;
  readonly packets: number;
  readonly datagrams: number;
  readonly wireBytes: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** Given up because the sender itself could not keep up. */
  readonly skippedRecords: number;
}

/** The load generator in a process of its own, as the senders of a network are. */
export class Sender {
  readonly #child: ChildProcess;

  /**
   * @param script the process: `sender-process.ts` sends flows, `syslog-sender-process.ts` messages, a record each
   * @param parameters what it is called with
   */
  constructor(script = 'sender-process.ts', parameters: readonly string[] = []) {
    this.#child = fork(fileURLToPath(new URL(`../${script}`, import.meta.url)), parameters);
  }

  async send(order: SendOrder): Promise<Sent> {
    this.#child.send(order);
    const [sent]: Sent[] = await once(this.#child, 'message');
    if (sent === undefined) throw new Error('the sender gave no answer');
    return sent;
  }

  /** So that the next `send` of the same order begins at once. */
  async prepare(order: SendOrder): Promise<void> {
    this.#child.send({ ...order, isPreparation: true });
    await once(this.#child, 'message');
  }

  close(): void {
    this.#child.disconnect();
  }
}

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const ANSWER_MS = 10_000;

/** Stands between a sender and a receiver on loopback, and lets answers through or not. */
export class UdpRelay {
  /** Answers that were held back. */
  swallowed = 0;
  /** How many more answers are passed on. */
  answersToPass = Infinity;
  /** Passed on to the receiver. */
  questions = 0;
  /** Called with the number of the question, from 1, right before it is passed on. */
  beforeQuestion: ((number: number) => void) | undefined;
  /** What was passed on to the receiver, in order. */
  readonly passed: Buffer[] = [];
  readonly #outside: Socket;
  readonly #inside: Socket;
  readonly #receiverPort: number;
  readonly #receiverAddress: string;
  #senderPort = 0;

  private constructor(outside: Socket, inside: Socket, receiverPort: number, receiverAddress: string) {
    this.#outside = outside;
    this.#inside = inside;
    this.#receiverPort = receiverPort;
    this.#receiverAddress = receiverAddress;
    outside.on('message', (bytes, { port }) => {
      this.#senderPort = port;
      this.beforeQuestion?.(this.questions + 1);
      this.passed.push(bytes);
      inside.send(bytes, this.#receiverPort, this.#receiverAddress, () => (this.questions += 1));
    });
    inside.on('message', (bytes) => this.#answered(bytes));
  }

  /** For one sender at a time. */
  static async open(receiverPort: number, receiverAddress = '127.0.0.1'): Promise<UdpRelay> {
    const outside = createSocket('udp4').bind(0, '127.0.0.1');
    const inside = createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(outside, 'listening'), once(inside, 'listening')]);
    return new UdpRelay(outside, inside, receiverPort, receiverAddress);
  }

  /** Where senders write to. */
  get port(): number {
    return this.#outside.address().port;
  }

  /** Sends the same bytes once more, from the same port. @returns the answer */
  async sendAgain(bytes: Buffer): Promise<Buffer> {
    const answered = once(this.#inside, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    this.#inside.send(bytes, this.#receiverPort, this.#receiverAddress);
    const [answer]: Buffer[] = await answered;
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  close(): void {
    this.#outside.close();
    this.#inside.close();
  }

  #answered(bytes: Buffer): void {
    if (this.answersToPass === 0) {
      this.swallowed += 1;
      return;
    }
    this.answersToPass -= 1;
    this.#outside.send(bytes, this.#senderPort, '127.0.0.1');
  }
}

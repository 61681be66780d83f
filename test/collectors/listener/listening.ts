import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

import type { Acceptance } from '../../../collectors/acceptance.ts';
import { StreamListener, type StreamListenerOptions } from '../../../collectors/listener/stream-listener.ts';
import type { SyslogReceived } from '../../../collectors/syslog/received.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { type Log, silentLog } from '../../../src/runtime/log.ts';

interface Heard extends SyslogReceived {
  readonly text: string;
}

/** A queue whose room and verdicts belong to the test. Accepts everything at the next turn unless told otherwise. */
export class TestAcceptance implements Acceptance {
  room = true;
  /** Undefined: keep them waiting. */
  verdict: boolean | undefined = true;
  readonly waiting: ((accepted: boolean) => void)[] = [];
  #wake: () => void = () => {};

  whenAccepted(settled: (accepted: boolean) => void): void {
    if (this.verdict === undefined) this.waiting.push(settled);
    else setImmediate(settled, this.verdict);
  }

  hasRoom(): boolean {
    return this.room;
  }

  whenRoom(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  }

  giveRoom(): void {
    this.room = true;
    this.#wake();
  }
}

/** Time stands still until the test moves it. */
export class TestClock implements Clock {
  ms = 1_000_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  nowMicros(): number {
    return 1_700_000_000_000_000 + this.ms * 1000;
  }

  monotonicMs(): number {
    return this.ms;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.ms + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  pass(ms: number): void {
    this.ms += ms;
    for (const timer of this.#timers) {
      if (timer.atMs > this.ms) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }
}

const LOOPBACK: StreamListenerOptions = {
  family: 'syslog',
  transport: 'tcp',
  address: '127.0.0.1',
  port: 0,
  allowFrom: [],
  maxMessageBytes: 65_536,
  maxConnections: 100,
  maxConnectionsPerSource: 100,
  idleMs: 60_000,
};

export interface Listening {
  readonly listener: StreamListener;
  readonly acceptance: TestAcceptance;
  readonly heard: Heard[];
  readonly port: number;
  readonly texts: () => string[];
}

/** A started listener; stopped when the test ends. */
export async function listen(
  t: TestContext,
  options: Partial<StreamListenerOptions> = {},
  surroundings: { readonly clock?: Clock; readonly log?: Log } = {},
): Promise<Listening> {
  const heard: Heard[] = [];
  const acceptance = new TestAcceptance();
  const listener = new StreamListener(
    { ...LOOPBACK, ...options },
    surroundings.clock ?? systemClock,
    (bytes, received) => void heard.push({ ...received, text: bytes.toString('latin1') }),
    acceptance,
    surroundings.log ?? silentLog,
  );
  await listener.start();
  t.after(() => listener.stop());
  const port = listener.address()?.port;
  assert.ok(port);
  return { listener, acceptance, heard, port, texts: () => heard.map((each) => each.text) };
}

/** Resolves when `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A connection to the listener; what comes back is collected. Errors are no surprise here. */
export async function dial(
  t: TestContext,
  port: number,
  from = '127.0.0.1',
): Promise<{ socket: Socket; answers: () => string; closed: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true });
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => {});
  // The other side is done: so are we.
  socket.on('end', () => socket.end());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, answers: () => text, closed };
}

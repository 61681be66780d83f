import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { ForkedChild } from '../../src/keeper/forked-child.ts';
import { HeldSockets, type SocketPlan } from '../../src/keeper/held-sockets.ts';
import type { LifeOnly } from '../../src/processes/life.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { ReaderStart } from './programs/reader.ts';

export const UDP: SocketPlan = { transport: 'udp', address: '127.0.0.1', port: 0, receiveBuffer: 4 << 20 };
export const TCP: SocketPlan = { transport: 'tcp', address: '127.0.0.1', port: 0 };

export interface Line {
  readonly pid: number;
  readonly text: string;
}

/** Held sockets, and readers for them that write down what they read. All is closed when the test ends. */
export async function hold(t: TestContext, plans: readonly SocketPlan[], workers: number) {
  const held = new HeldSockets(plans, workers, silentLog, 0);
  await held.start();
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-readers-'));
  const file = join(folder, 'read');
  writeFileSync(file, '');
  t.after(async () => {
    await held.stop();
    rmSync(folder, { recursive: true });
  });
  const lines = (): Line[] =>
    readFileSync(file, 'latin1')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ pid: Number.parseInt(line, 10), text: line.slice(line.indexOf(' ') + 1) }));
  const ports = held.addresses.map(({ port }) => port);
  return { held, lines, ports, startReader: (worker: number) => startReader(t, held, worker, file) };
}

/** Not yet reading: `ready` resolves when it does. */
function startReader(t: TestContext, held: HeldSockets, worker: number, file: string) {
  const child = new ForkedChild<LifeOnly, LifeOnly>({ entry: join(import.meta.dirname, 'programs/reader.ts') });
  t.after(() => child.kill('SIGKILL'));
  const ready = new Promise<void>((resolve, reject) => {
    child.life.on('life.ready', () => resolve());
    void child.died.then(({ failure }) => reject(new Error(`a reader died: ${failure?.message ?? 'no word'}`)));
  });
  // One that is killed on purpose is nobody's concern.
  ready.catch(() => {});
  held.handOver(child.channel, worker);
  const start: ReaderStart = { file };
  child.life.send('life.assign', { name: `reader ${worker}`, start });
  const stop = async (): Promise<void> => {
    child.life.send('life.stop', undefined);
    await child.died;
  };
  return { child, ready, stop };
}

/** A socket of a sender; closed when the test ends. */
export async function openSender(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return socket;
}

/** Resolves when the kernel has taken it. */
export async function send(socket: Socket, port: number, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.send(text, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
  });
}

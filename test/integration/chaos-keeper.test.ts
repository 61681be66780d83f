import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { connect, disconnect } from '../../storage/database/database.ts';
import { ChaosCollector } from '../support/chaos/chaos-collector.ts';
import { numberedInform } from '../support/chaos/numbered-messages.ts';
import { storedInforms } from '../support/chaos/stored-numbers.ts';
import { pidsOf } from '../support/chaos/victims.ts';
import { eventually } from '../support/processes.ts';

// A keeper that is killed: its workers go on for two seconds, each by itself, and the kernel moves senders between them.

const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;
/** Enough that each of two workers has some, but for one run in thirty thousand. */
const SENDERS = 16;
const AGAIN_MS = 100;

/** Sends one inform, from a port of its own, until it is told to be quiet. */
class InformSender {
  answers = 0;
  readonly #socket: Socket = createSocket('udp4');
  readonly #bytes: Buffer;

  constructor(number: number) {
    this.#bytes = numberedInform(number);
    this.#socket.on('message', () => (this.answers += 1));
    this.#socket.on('error', () => {});
  }

  async open(): Promise<void> {
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
  }

  send(port: number): void {
    this.#socket.send(this.#bytes, port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}

for (const [when, isOrphaned] of [
  ['at the same moment', false],
  ['before that', true],
] as const) {
  test(
    `an inform that a worker had accepted, which is killed, is known to whom its sender comes to: the keeper was killed ${when}`,
    { skip: ONLY_LONG },
    async (t) => {
      const collector = await ChaosCollector.start();
      t.after(() => collector.end());
      const senders = await openSenders(t);
      const status = await collector.status();
      assert.ok(status);
      const [killed = 0] = pidsOf(status, 'worker');
      // So that no worker hears from the others, and nobody takes the place of the killed one.
      if (isOrphaned) await collector.process.killKeeper();
      else process.kill(collector.process.pid, 'SIGSTOP');
      for (const sender of senders) sender.send(collector.ports.snmp);
      await eventually('each is answered', () => senders.every(({ answers }) => answers > 0));
      process.kill(killed, 'SIGKILL');
      if (!isOrphaned) await collector.process.killKeeper();
      for (const sender of senders) sender.answers = 0;
      const started = collector.startAgain();
      await eventually('each is answered by another', async () => {
        for (const sender of senders) if (sender.answers === 0) sender.send(collector.ports.snmp);
        await pause(AGAIN_MS);
        return senders.every(({ answers }) => answers > 0);
      });
      await started;
      await eventually('all that was accepted is written', () => collector.isDrained(), 60_000);
      const client = await connect(collector.postgres.address);
      t.after(() => disconnect(client));
      assert.deepEqual([...(await storedInforms(client, SENDERS))], Array(SENDERS).fill(1));
    },
  );
}

async function openSenders(t: TestContext): Promise<InformSender[]> {
  const senders = Array.from({ length: SENDERS }, (_, number) => new InformSender(number));
  await Promise.all(senders.map((sender) => sender.open()));
  t.after(() => senders.forEach((sender) => sender.close()));
  return senders;
}

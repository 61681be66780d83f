import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { channelsOf } from '../../src/notifications/channels.ts';
import { Notifier } from '../../src/notifications/notifier.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { startTestDatabase, temporaryDirectory, type TestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { SmtpServer } from '../support/smtp-server.ts';

/** Notifies of the pair `p` in a database of the test's own, by mail and by a webhook. */
class Scene {
  readonly smtp = new SmtpServer();
  readonly posts: Record<string, unknown>[] = [];
  hookStatus = 200;
  hookTries = 0;
  hookPort = 0;
  readonly #t: TestContext;
  #database: TestDatabase | undefined;
  #client: DatabaseClient | undefined;

  constructor(t: TestContext) {
    this.#t = t;
  }

  async set(): Promise<this> {
    const database = await startTestDatabase();
    this.#database = database;
    this.#client = await connect(database.address);
    await this.smtp.start();
    const hook = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.hookTries += 1;
        if (this.hookStatus === 200) this.posts.push(Object(JSON.parse(Buffer.concat(parts).toString())));
        response.writeHead(this.hookStatus).end('noted');
      });
    }).listen(0, '127.0.0.1');
    await once(hook, 'listening');
    const address: AddressInfo | string | null = hook.address();
    this.hookPort = typeof address === 'object' && address !== null ? address.port : 0;
    this.#t.after(async () => {
      hook.close();
      hook.closeAllConnections();
      await this.smtp.stop();
      if (this.#client !== undefined) await disconnect(this.#client);
      await database.stop();
    });
    return this;
  }

  async notifier(more: Readonly<Record<string, unknown>> = {}): Promise<Notifier> {
    const notify = await this.notify(more);
    const address = this.#database?.address ?? {};
    const notifier = new Notifier({ pair: 'p', notify }, channelsOf(notify), address, systemClock, silentLog);
    await notifier.start();
    this.#t.after(() => notifier.stop());
    return notifier;
  }

  async notify(more: Readonly<Record<string, unknown>>): Promise<Config['notify']> {
    const email = {
      host: '127.0.0.1',
      port: this.smtp.port,
      tls: 'none',
      from: 'dw@example.net',
      to: ['noc@example.net'],
    };
    const notify = { email, webhooks: [{ url: `http://127.0.0.1:${this.hookPort}/secret` }], ...more };
    const directory = await temporaryDirectory();
    await writeFile(`${directory}/dogwatch.yaml`, JSON.stringify({ notify }));
    return loadConfig({ directory, environment: {} }).config.notify;
  }

  async happens(kind: string, summary: string, agoMs = 0): Promise<string> {
    const uid = randomUUID();
    await this.#client?.query(
      `INSERT INTO ha_events (at, epoch, uid, pair, node, kind, summary) VALUES ($1, 7, $2, 'p', 'dw-a', $3, $4)`,
      [new Date(Date.now() - agoMs), uid, kind, summary],
    );
    return uid;
  }

  async marked(): Promise<number> {
    const answer = await this.#client?.query('SELECT FROM ha_events WHERE notified_at IS NOT NULL');
    return answer?.rowCount ?? 0;
  }

  untilMarked(count: number): Promise<unknown> {
    return eventually(`${count} events are marked`, async () => (await this.marked()) === count);
  }
}

test('an event is told once by each channel, in the order of what happened', async (t) => {
  const scene = await new Scene(t).set();
  const uid = await scene.happens('takeover', 'dw-a is active now');
  await scene.happens('vote', 'of no wanted kind');
  await scene.happens('alarm', 'older than a day', 25 * 3_600_000);
  await scene.happens('alarm', 'the disk is full');
  await scene.notifier();
  await scene.untilMarked(4);
  assert.deepEqual(
    scene.posts.map(({ summary }) => summary),
    ['dw-a is active now', 'the disk is full'],
  );
  assert.equal(scene.smtp.mails.length, 2);
  const [mail] = scene.smtp.mails;
  assert.deepEqual(mail?.to, ['noc@example.net']);
  assert.match(mail.text, /^Subject: \[dogwatch\] dw-a takeover: dw-a is active now\r$/m);
  assert.match(mail.text, new RegExp(`^Message-ID: <dogwatch\\.${uid}@example\\.net>\\r$`, 'm'));
});

test('a channel that fails does not tell the other one twice, and is tried until it works, by another process too', async (t) => {
  const scene = await new Scene(t).set();
  scene.hookStatus = 503;
  await scene.happens('alarm', 'the disk is full');
  const first = await scene.notifier();
  await eventually('the webhook refused', () => Promise.resolve(scene.hookTries > 0 && scene.smtp.mails.length === 1));
  await first.stop();
  scene.hookStatus = 200;
  await scene.notifier();
  await scene.untilMarked(1);
  assert.equal(scene.posts.length, 1);
  assert.equal(scene.smtp.mails.length, 1);
});

test('a mail server that is away is tried again until it is back', async (t) => {
  const scene = await new Scene(t).set();
  const notifier = await scene.notifier();
  const { port } = scene.smtp;
  await scene.smtp.stop();
  await scene.happens('alarm', 'the disk is full');
  await eventually('the webhook was told', () => Promise.resolve(scene.posts.length === 1));
  await scene.smtp.start(port);
  await scene.untilMarked(1);
  assert.equal(scene.smtp.mails.length, 1);
  assert.equal(scene.posts.length, 1);
  assert.equal(notifier.name, 'notifications');
});

test('without channels events are marked, so that the first channel is not told of the past', async (t) => {
  const scene = await new Scene(t).set();
  await scene.happens('takeover', 'dw-a is active now');
  const before = await scene.notifier({ email: null, webhooks: [] });
  await scene.untilMarked(1);
  await before.stop();
  await scene.notifier();
  await scene.happens('alarm', 'the disk is full');
  await scene.untilMarked(2);
  assert.deepEqual(
    scene.posts.map(({ summary }) => summary),
    ['the disk is full'],
  );
});

test('what a quiet time held back comes in one summary when it is over, what is grave had come by itself', async (t) => {
  const scene = await new Scene(t).set();
  const HOUR_MS = 3_600_000;
  const timeOfDay = (agoMs: number): string => new Date(Date.now() - agoMs).toISOString().slice(11, 16);
  const quiet = { from: timeOfDay(3 * HOUR_MS), to: timeOfDay(HOUR_MS), timeZone: 'UTC' };
  const first = await scene.happens('readiness', 'dw-b is not ready to be active', 2 * HOUR_MS);
  await scene.happens('readiness', 'dw-b is ready to be active', 2 * HOUR_MS - 60_000);
  await scene.happens('alarm', 'the disk is full', 2 * HOUR_MS);
  await scene.notifier({ quiet });
  await scene.untilMarked(3);
  assert.equal(scene.smtp.mails.length, 2);
  const [alone, summary] = scene.smtp.mails.map(({ text }) => text);
  assert.match(alone ?? '', /^Subject: \[dogwatch\] dw-a alarm: the disk is full\r$/m);
  assert.match(summary ?? '', /^Subject: \[dogwatch\] p: 2 events of the quiet time\r$/m);
  assert.match(summary ?? '', new RegExp(`^Message-ID:\\s+<dogwatch\\.${first}\\.summary@example\\.net>\\r$`, 'm'));
  assert.match(summary ?? '', /dw-b is not ready to be active.*dw-b is ready to be active/s);
  assert.deepEqual(
    scene.posts.map(({ kind }) => kind),
    ['alarm', 'summary'],
  );
});

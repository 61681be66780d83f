import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { channelsOf } from '../../src/notifications/channels.ts';
import { DirectTelling, type TellingNode } from '../../src/notifications/direct-telling.ts';
import { Notifier } from '../../src/notifications/notifier.ts';
import { type Told, tellChannels } from '../../src/notifications/tell-channels.ts';
import { EventLog } from '../../src/pair/events/event-log.ts';
import { sessionsOf } from '../../src/pair/sessions.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { disconnect } from '../../storage/database/database.ts';
import { migrate, readMigrations } from '../../storage/database/migrations.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { HandClock } from '../support/hand-clock.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { SmtpServer } from '../support/smtp-server.ts';

const PATIENCE_MS = 10_000;

/** A mail server, a webhook and their settings. */
async function receivers(t: TestContext, more: Readonly<Record<string, unknown>> = {}) {
  const smtp = await new SmtpServer().start();
  const hook = { status: 200, posts: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (hook.status === 200) hook.posts += 1;
      response.writeHead(hook.status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await smtp.stop();
  });
  const email = { host: '127.0.0.1', port: smtp.port, tls: 'none', from: 'dw@example.net', to: ['noc@example.net'] };
  const directory = await temporaryDirectory();
  const notify = { email, webhooks: [{ url: `http://127.0.0.1:${port}/` }], ...more };
  await writeFile(`${directory}/dogwatch.yaml`, JSON.stringify({ notify }));
  return { smtp, hook, notify: loadConfig({ directory, environment: {} }).config.notify };
}

function telling(
  notify: Config['notify'],
  events: EventLog,
  clock: HandClock,
  more: Partial<TellingNode> = {},
): DirectTelling {
  const channels = channelsOf(notify);
  const node: TellingNode = {
    pair: 'p',
    notify: () => notify,
    mayTell: () => true,
    status: () => undefined,
    tell: (notification, done) => tellChannels(channels, notification, done, silentLog),
    ...more,
  };
  return new DirectTelling(node, events, clock, silentLog);
}

const NO_DATABASE = (): Promise<never> => Promise.reject(new Error('connection refused'));

async function logWithoutDatabase(clock: HandClock): Promise<EventLog> {
  const events = new EventLog({ pair: 'p', node: 'dw-a' }, NO_DATABASE, clock, silentLog);
  await events.start();
  return events;
}

test('while PostgreSQL is stopped operators are told directly, and nobody is told again when it is back', async (t) => {
  const { smtp, hook, notify } = await receivers(t);
  const database = await FaultyDatabase.start(t, { stateDirectory: await temporaryDirectory() });
  const administrator = await database.connect();
  await migrate(administrator, await readMigrations());
  await disconnect(administrator);
  const clock = new HandClock();
  const address = { connectionString: database.url() };
  const events = new EventLog({ pair: 'p', node: 'dw-a' }, sessionsOf(address, 'test events'), clock, silentLog);
  const direct = telling(notify, events, clock);
  await database.stop();
  await events.start();
  const { uid } = events.add('alarm', 7, 'dw-a has not reached the database for a minute', { remedy: 'see to it' });
  events.add('vote', 7, 'of no wanted kind');
  await direct.look();
  assert.equal(smtp.mails.length, 0, 'a database that is only slow gets it first');
  hook.status = 503;
  clock.advance(PATIENCE_MS);
  await direct.look();
  assert.match(smtp.mails[0]?.text ?? '', new RegExp(`^Message-ID: <dogwatch\\.${uid}@example\\.net>\\r$`, 'm'));
  hook.status = 200;
  await direct.look();
  assert.equal(hook.posts, 0, 'not before the pause after a failure is over');
  events.add('alarm', 7, 'dw-a has 80 % of the disk of its journal in use');
  clock.advance(PATIENCE_MS);
  await direct.look();
  assert.deepEqual([smtp.mails.length, hook.posts], [2, 2]);
  hook.status = 503;
  events.add('alarm', 7, 'told by mail alone');
  clock.advance(PATIENCE_MS);
  await direct.look();
  hook.status = 200;
  await database.start();
  await eventually('all are stored', async () => {
    clock.advance(PATIENCE_MS);
    return Promise.resolve(events.waiting.length === 0);
  });
  const client = await database.connect();
  t.after(() => disconnect(client));
  const told = await client.query('SELECT FROM ha_events WHERE notified_at IS NOT NULL');
  assert.equal(told.rowCount, 2);
  const queue = new Notifier({ pair: 'p', notify }, channelsOf(notify), address, systemClock, silentLog);
  await queue.start();
  t.after(() => queue.stop());
  await eventually('all are marked', async () => {
    return (await client.query('SELECT FROM ha_events WHERE notified_at IS NULL')).rowCount === 0;
  });
  assert.deepEqual([smtp.mails.length, hook.posts], [3, 3], 'the webhook alone was told of the last one');
});

test('a standby tells nobody, and a quiet time holds back what is not grave', async (t) => {
  // All day, in the zone of the clock of the test.
  const quiet = { from: '00:00', to: '23:59', timeZone: 'UTC' };
  const { smtp, notify } = await receivers(t, { quiet, webhooks: [] });
  const clock = new HandClock();
  const events = await logWithoutDatabase(clock);
  events.add('readiness', 7, 'dw-a is not ready to be active');
  events.add('alarm', 7, 'grave');
  clock.advance(PATIENCE_MS);
  await telling(notify, events, clock, { mayTell: () => false }).look();
  assert.equal(smtp.mails.length, 0);
  await telling(notify, events, clock).look();
  assert.deepEqual(
    smtp.mails.map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1]),
    ['[dogwatch] dw-a alarm: grave'],
  );
});

test('a mail server that is away is tried again after pauses that grow, for a day at most', async (t) => {
  const { notify } = await receivers(t, { webhooks: [] });
  const clock = new HandClock();
  const events = await logWithoutDatabase(clock);
  const triedAfter: number[] = [];
  const tell = (): Promise<Told> => {
    triedAfter.push(clock.monotonicMs() / 1000);
    return Promise.resolve({ told: [], failures: ['email: connection refused'] });
  };
  const direct = telling(notify, events, clock, { tell });
  events.add('alarm', 7, 'the disk is full');
  for (let seconds = 0; seconds < 26 * 3600; seconds += 5) {
    clock.advance(5000);
    await direct.look();
  }
  assert.deepEqual(triedAfter.slice(0, 9), [10, 15, 25, 45, 85, 165, 325, 645, 1285]);
  const last = triedAfter.slice(-2);
  assert.deepEqual(
    last.map((each) => each <= 86_400),
    [true, true],
  );
  assert.equal((last[1] ?? 0) - (last[0] ?? 0), 900);
});

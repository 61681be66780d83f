import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { before, test } from 'node:test';
import { openWithin, sessionsOf } from '../../src/pair/sessions.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;

before(async () => {
  database = await startTestDatabase();
});

/** Before the database: takes connections at once, and lets nothing through until it is told to. */
class LateDatabase {
  readonly #server: Server;
  readonly #released = Promise.withResolvers<void>();
  /** Of the first connection. */
  readonly accepted = Promise.withResolvers<Socket>();

  constructor({ host, port }: TestDatabase['address']) {
    this.#server = createServer((client) => {
      client.on('error', () => {});
      this.accepted.resolve(client);
      void this.#connect(client, `${host}/.s.PGSQL.${port}`);
    });
  }

  async #connect(client: Socket, path: string): Promise<void> {
    await this.#released.promise;
    const server = connectTo(path).on('error', () => client.destroy());
    client.pipe(server).pipe(client);
  }

  async start(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  answer(): void {
    this.#released.resolve();
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

test('a connection that opens after its time is closed, and one in time is not', async (t) => {
  const late = new LateDatabase(database.address);
  t.after(() => late.stop());
  const address = { ...database.address, host: '127.0.0.1', port: await late.start() };
  const open = sessionsOf(address, 'late');
  await assert.rejects(openWithin(open, 20), { code: 'TIMED_OUT' });
  const client = await late.accepted.promise;
  const closed = once(client, 'close');
  late.answer();
  // It logs in, and goes: were it kept, this would never come.
  await closed;
  const session = await openWithin(open, 30_000);
  assert.deepEqual((await session.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
  await session.close();
});

test('what the database says to a connection is what is thrown', async () => {
  const open = sessionsOf({ ...database.address, database: 'nowhere' }, 'none');
  await assert.rejects(openWithin(open, 30_000), /database "nowhere" does not exist/);
});

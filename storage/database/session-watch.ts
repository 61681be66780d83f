import type { Clock } from '../../src/runtime/clock.ts';
import { withTimeout } from '../../src/runtime/lifecycle.ts';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect, sqlStateOf } from './database.ts';

const LOOK_EVERY_MS = 5000;
const ANSWER_MS = 5000;
const IS_THERE = 'SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1) AS is';

/**
 * Does work that may rightly take long (a lock that is waited for, a large table that is changed), and gives it up where its answer
 * will never come: on a silent network, or where a firewall forgot the connection. Time says nothing about that, so the
 * server is asked over a connection of its own, every five seconds, whether it still has the session.
 * @returns what `work` does
 * @throws what `work` throws, or that the session is gone; the caller then closes `client`
 */
export async function withLiveSession<T>(
  client: DatabaseClient,
  address: DatabaseAddress,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  const { rows } = await withTimeout(
    client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'),
    ANSWER_MS,
    'PostgreSQL',
  );
  const pid = rows[0]?.pid ?? 0;
  let isOver = false;
  let cancel: () => void = () => {};
  const lost = new Promise<never>((_resolve, reject) => {
    const look = async (): Promise<void> => {
      if (await isSessionThere(address, pid)) watch();
      else reject(new Error('PostgreSQL gives no answer: the connection is lost'));
    };
    const watch = (): void => {
      if (!isOver) cancel = clock.after(LOOK_EVERY_MS, () => void look());
    };
    watch();
  });
  try {
    return await Promise.race([work(), lost]);
  } finally {
    isOver = true;
    cancel();
  }
}

/** Never rejects. True as well where the server answers that it cannot say, such as with all connections taken. */
async function isSessionThere(address: DatabaseAddress, pid: number): Promise<boolean> {
  let client: DatabaseClient | undefined;
  try {
    client = await connect(address);
    const { rows } = await withTimeout(client.query<{ is: boolean }>(IS_THERE, [pid]), ANSWER_MS, 'PostgreSQL');
    return rows[0]?.is === true;
  } catch (error) {
    return sqlStateOf(error) !== undefined;
  } finally {
    if (client !== undefined) await disconnect(client);
  }
}

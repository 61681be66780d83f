import { type BackendFactory, PostgresConnection, type PostgresPoolConfig, PostgresQueueBackend } from 'bullmq';

/**
 * BullMQ's connections to PostgreSQL, whose own way to close takes every listener off the one that waits for jobs before it is
 * closed: a server that ends it in that moment would end the process with it, since nobody listens to `error` any more.
 */
class CalmConnection extends PostgresConnection {
  readonly #calm = new WeakSet<object>();

  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    if (this.#calm.has(client)) return client;
    this.#calm.add(client);
    const takeOff = client.removeAllListeners.bind(client);
    client.removeAllListeners = (event) => {
      takeOff(event);
      client.on('error', () => {});
      return client;
    };
    return client;
  }
}

/** One that a lost connection leaves behind holds the process no longer than this. Some job is due more often in any case. */
const LONGEST_WAIT_SECONDS = 5;

/** BullMQ's backend, which waits until the next job is due, an hour if need be, and may forget a wait when it is disconnected. */
class BriefBackend extends PostgresQueueBackend {
  override waitForJob(blockTimeout: number): ReturnType<PostgresQueueBackend['waitForJob']> {
    return super.waitForJob(Math.min(blockTimeout, LONGEST_WAIT_SECONDS));
  }
}

/** As `createPostgresBackend`, without connections that can end the process. Those of the pool are made by `connection.Client`. */
export const postgresBackend: BackendFactory<PostgresQueueBackend, PostgresPoolConfig> = (name, options, role = {}) => {
  const connection = new CalmConnection(options.connection);
  return new BriefBackend(connection, name, options, true, role.withBlockingConnection ? name : undefined);
};

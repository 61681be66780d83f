import { Client, DatabaseError, escapeIdentifier, escapeLiteral, type ClientConfig } from 'pg';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';

/** How to reach PostgreSQL: a connection string (URL), which wins, or the parts of it. */
export interface DatabaseAddress {
  readonly connectionString?: string;
  /** A host name, or the directory of a Unix socket. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Where one node of a pair alone may do this, and only as long as its epoch lasts. */
  readonly epoch?: PairEpoch;
}

export interface PairEpoch {
  readonly pair: string;
  readonly epoch: number;
  /** Instead of `applicationName`: by it the next holder of the pair finds the session, and ends it. */
  readonly sessionName: string;
}

export type DatabaseClient = Client;

const CONNECT_TIMEOUT_MS = 5000;
// The server notices a client within half a minute that vanished without a word (its host, or the network between): until then
// the session keeps its locks, also that on the ledger's entry of the batch that is tried again. Nothing on Unix sockets.
const NOTICE_DEAD_PEERS = [
  '-c tcp_keepalives_idle=10',
  '-c tcp_keepalives_interval=5',
  '-c tcp_keepalives_count=4',
  '-c tcp_user_timeout=30000',
].join(' ');

/**
 * One connection, open. Its session speaks UTC. A connection that breaks later emits `error`, which is swallowed here: the
 * query that was running rejects, and so does every later one.
 * @throws whatever `pg` says of a server that is away, refuses or takes more than 5 s
 * @throws DogwatchError `EPOCH_OVER`: another node of the pair is active
 */
export async function connect(address: DatabaseAddress): Promise<DatabaseClient> {
  const client = new Client(settingsOf(address));
  client.on('error', () => {});
  await client.connect();
  if (address.epoch !== undefined) await expectEpoch(client, address.epoch);
  return client;
}

/** The session is known by its name from its first moment on: an epoch that ends after this question ends the session. */
async function expectEpoch(client: DatabaseClient, { pair, epoch }: PairEpoch): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM ha_heartbeat WHERE pair = $1 AND epoch = $2', [pair, epoch]);
  if (rowCount === 1) return;
  await disconnect(client);
  throw new DogwatchError('EPOCH_OVER', `epoch ${epoch} of the pair ${pair} is over: another node is active`);
}

/**
 * Closes a connection, however broken it is; never rejects, and never waits for long.
 */
export async function disconnect(client: DatabaseClient): Promise<void> {
  const ended = client.end().catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  await Promise.race([ended, impatience]);
  clearTimeout(timer);
  // Where the network is silent it would stay open, with a whole batch in its buffers.
  client.connection.stream.destroy();
}

/** PostgreSQL's five-character error code, or undefined where the error is not from the server. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** The name of the constraint that an error is about, if any. */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.constraint : undefined;
}

/** SQLSTATE and message on one line, with the place in the data where the server says it. */
export function describeDatabaseError(error: unknown): string {
  if (!(error instanceof DatabaseError)) return messageOf(error);
  return [`${error.code}: ${error.message}`, error.where].filter(Boolean).join(' — ').replaceAll(/\s+/g, ' ');
}

export const quoteIdentifier = escapeIdentifier;
export const quoteLiteral = escapeLiteral;

function settingsOf(address: DatabaseAddress): ClientConfig {
  const { applicationName, epoch, ...parts } = address;
  return {
    ...parts,
    application_name: epoch?.sessionName ?? applicationName ?? 'dogwatch',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: `-c timezone=UTC -c datestyle=ISO ${NOTICE_DEAD_PEERS}`,
  };
}

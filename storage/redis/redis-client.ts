import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

interface RedisHost {
  readonly host: string;
  readonly port?: number | undefined;
}

/** Which Redis: one server, or the primary of a Sentinel group, or a cluster. */
export interface RedisAddress {
  /** `redis://` or `rediss://` (TLS); with sentinel or cluster its user, password, database and TLS hold, not its host. */
  readonly url?: string | undefined;
  /** In place of one in the URL. */
  readonly password?: string | undefined;
  /** PEM file of certificates that the server is checked against. */
  readonly caFile?: string | undefined;
  readonly sentinel?: { readonly name: string; readonly hosts: readonly RedisHost[] } | undefined;
  readonly cluster?: readonly RedisHost[] | undefined;
}

/**
 * What a connection is for.
 * `ask`: a command fails at once where there is no connection, and with the connection where no answer comes within `timeoutMs`;
 * nothing is queued or sent again. `wait`: of BullMQ's worker, which repeats what was cut off; at most a handful of commands.
 */
export type RedisPurpose = 'ask' | 'wait';

export type RedisClient = Redis | Cluster;
/** One server, behind a client. */
export type RedisServer = Redis;

/** Replies stay as RESP 2 has them: BullMQ reads them so. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** How long a connection may take to say goodbye before it is cut. */
const DISCONNECT_MS = 300;
const FIRST_RECONNECT_MS = 100;
const LAST_RECONNECT_MS = 2000;
/** After so many nodes that are away or have other slots a command of `ask` fails; 100 ms between them. */
const ASK_REDIRECTIONS = 4;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/**
 * A connection that comes back by itself, begun at once. Errors of it end nothing: they come with commands, and to `onError`.
 * @param closing once it aborts, the connection does not come back
 * @throws Error where `caFile` cannot be read
 */
export function connectRedis(
  address: RedisAddress,
  purpose: RedisPurpose,
  timeoutMs: number,
  onError: (error: Error) => void,
  closing?: AbortSignal,
): RedisClient {
  const options = { ...optionsOf(address, purpose, timeoutMs), retryStrategy: reconnectUntil(closing) };
  const client =
    address.cluster === undefined ? single(address, options) : cluster(address.cluster, purpose, options, closing);
  client.on('error', onError);
  return client;
}

/**
 * The primaries behind a connection: of a cluster each that is known by now, otherwise the one that it leads to.
 * They belong to `client`: whoever asks them must not disconnect them.
 */
export function primariesOf(client: RedisClient): readonly RedisServer[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/**
 * The server that keeps a slot of a cluster, as far as is known; of a single server that one.
 * @throws Error where nobody is known to have the slot
 */
export function ownerOf(client: RedisClient, slot: number): RedisServer {
  if (!(client instanceof Cluster)) return client;
  const [primary] = client.slots[slot] ?? [];
  const owner = client.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === primary);
  if (owner === undefined) throw new Error('no node of the cluster has our keys');
  return owner;
}

/** What `connectRedis` tells ioredis of one server. */
function optionsOf(address: RedisAddress, purpose: RedisPurpose, timeoutMs: number): Options {
  const url = address.url === undefined ? undefined : new URL(address.url);
  const password = address.password ?? decodeURIComponent(url?.password ?? '');
  const username = decodeURIComponent(url?.username ?? '');
  return {
    host: url === undefined || url.hostname === '' ? '127.0.0.1' : url.hostname.replace(/^\[|\]$/g, ''),
    port: url === undefined || url.port === '' ? REDIS_PORT : Number(url.port),
    db: address.cluster === undefined ? Number(url?.pathname.slice(1) || 0) : 0,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(url?.protocol === 'rediss:' ? { tls: tlsOf(address, url.hostname) } : {}),
    disconnectTimeout: DISCONNECT_MS,
    connectTimeout: Math.max(timeoutMs, 1000),
    // A primary that became a replica answers READONLY: look for the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...forPurpose(purpose, timeoutMs),
  };
}

function forPurpose(purpose: RedisPurpose, timeoutMs: number): Options {
  if (purpose === 'wait') return { maxRetriesPerRequest: null, socketTimeout: timeoutMs };
  return {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    socketTimeout: timeoutMs,
  };
}

function tlsOf({ caFile }: RedisAddress, host: string): ConnectionOptions {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
  };
}

function single({ sentinel }: RedisAddress, options: Options): Redis {
  if (sentinel === undefined) return new Redis(options);
  const { host: _host, port: _port, ...rest } = options;
  const hosts = sentinel.hosts.map(({ host, port }) => ({ host, port: port ?? SENTINEL_PORT }));
  return new Redis({
    ...rest,
    sentinels: hosts,
    name: sentinel.name,
    sentinelRetryStrategy: reconnectMs,
    failoverDetector: true,
    ...(rest.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: rest.tls }),
  });
}

function cluster(
  hosts: readonly RedisHost[],
  purpose: RedisPurpose,
  options: Options,
  closing: AbortSignal | undefined,
): Cluster {
  const { host: _host, port: _port, retryStrategy: _retry, ...redisOptions } = options;
  const nodes = hosts.map(({ host, port }) => ({ host, port: port ?? REDIS_PORT }));
  return new Cluster(nodes, {
    redisOptions,
    clusterRetryStrategy: reconnectUntil(closing),
    enableOfflineQueue: purpose === 'wait',
    ...(purpose === 'wait' ? {} : { maxRedirections: ASK_REDIRECTIONS }),
  });
}

/** Also for the duplicates that BullMQ makes: they would go on trying to connect, and keep the process alive. */
function reconnectUntil(closing: AbortSignal | undefined): (times: number) => number | null {
  return (times) => (closing?.aborted === true ? null : reconnectMs(times));
}

function reconnectMs(times: number): number {
  return Math.min(LAST_RECONNECT_MS, FIRST_RECONNECT_MS * 2 ** Math.min(times - 1, 10));
}

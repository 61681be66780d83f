import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './postgres.ts';
import { eventually, runTool, startTool } from './processes.ts';
import { onFreePort, RedisServer } from './redis.ts';

const GROUP = 'telemetry';
/** A primary is taken for dead when it has been silent for so long. */
const DOWN_AFTER_MS = 1000;
const SENTINELS = 3;
/** What a primary says of a replica that has all of its data: only then can it take over. */
const ONLINE = 'state=online';

interface Host {
  readonly host: string;
  readonly port: number;
}

/** A real Sentinel group: a primary, a replica, three Sentinels. */
export interface SentinelGroup {
  readonly address: { readonly sentinel: { readonly name: string; readonly hosts: readonly Host[] } };
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** The port of the server that the Sentinels hold for the primary. */
  primaryPort(): Promise<number>;
}

/** Resolves when the Sentinels know of each other and of the replica, so that they can fail over. */
export async function startSentinelGroup(
  context: TestContext,
  settings: readonly string[] = [],
): Promise<SentinelGroup> {
  const primary = await startServer(context, settings);
  const replica = await startServer(context, [...settings, '--replicaof', `127.0.0.1 ${primary.port}`]);
  await eventually('the replica follows', async () => (await primary.ask('INFO', 'replication')).includes(ONLINE));
  const starting = Array.from({ length: SENTINELS }, () =>
    onFreePort((port) => startSentinel(context, primary.port, port)),
  );
  const sentinels = await Promise.all(starting);
  await Promise.all(sentinels.map(untilReadyToFailOver));
  const hosts = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const primaryPort = async (): Promise<number> => {
    const [first] = sentinels;
    const answer = await first?.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP);
    return Number(answer?.split('\n')[1]);
  };
  return { address: { sentinel: { name: GROUP, hosts } }, primary, replica, primaryPort };
}

interface Sentinel {
  readonly port: number;
  readonly ask: (...command: string[]) => Promise<string>;
}

async function startSentinel(context: TestContext, primaryPort: number, port: number): Promise<Sentinel> {
  const folder = await temporaryDirectory();
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${GROUP} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${GROUP} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${GROUP} 5000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const tool = startTool('redis-server', [file, '--sentinel'], folder);
  context.after(async () => {
    tool.child.kill('SIGKILL');
    await tool.exited;
  });
  await tool.says(/\+monitor master/);
  const ask = async (...command: string[]): Promise<string> =>
    (await runTool('redis-cli', ['-p', String(port), ...command], folder)).output.trim();
  return { port, ask };
}

async function untilReadyToFailOver({ ask }: Sentinel): Promise<void> {
  await eventually('the Sentinels know of each other', async () => {
    const quorum = await ask('SENTINEL', 'CKQUORUM', GROUP);
    return quorum.startsWith(`OK ${SENTINELS} usable`) && (await ask('SENTINEL', 'REPLICAS', GROUP)) !== '';
  });
}

/** A real Redis Cluster, each server of which has a third of the slots; with `replicas` as many more that follow one each. */
export interface RedisCluster {
  readonly address: { readonly cluster: readonly Host[] };
  readonly servers: readonly RedisServer[];
  /** The primary that has the slot of this key. */
  ownerOf(key: string): Promise<RedisServer>;
}

const PRIMARIES = 3;
/** A node that was silent for so long is taken for dead. */
const NODE_TIMEOUT_MS = 1000;

export async function startRedisCluster(
  context: TestContext,
  { settings = [], replicas = 0 }: { settings?: readonly string[]; replicas?: 0 | 1 } = {},
): Promise<RedisCluster> {
  const count = PRIMARIES * (1 + replicas);
  const servers = await Promise.all(Array.from({ length: count }, () => startClusterNode(context, settings)));
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  const options = ['--cluster-replicas', String(replicas), '--cluster-yes'];
  const made = await runTool('redis-cli', ['--cluster', 'create', ...addresses, ...options], first.folder);
  if (made.code !== 0) throw new Error(`no cluster was made:\n${made.output}`);
  for (const server of servers) {
    await eventually('each node agrees', async () =>
      (await server.ask('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  }
  for (const primary of replicas === 0 ? [] : servers.slice(0, PRIMARIES)) {
    await eventually('its replica follows', async () => (await primary.ask('INFO', 'replication')).includes(ONLINE));
  }
  const alive = async (): Promise<string> => {
    for (const server of servers) {
      const answer = await server.ask('CLUSTER', 'NODES');
      if (answer.includes('myself')) return answer;
    }
    throw new Error('no node answers');
  };
  const ownerOf = async (key: string): Promise<RedisServer> => {
    const slot = Number(await first.ask('CLUSTER', 'KEYSLOT', key));
    const port = ownerPort(await alive(), slot);
    const owner = servers.find((server) => server.port === port);
    if (owner === undefined) throw new Error(`nobody owns slot ${slot}`);
    return owner;
  };
  return { address: { cluster: servers.map(({ port }) => ({ host: '127.0.0.1', port })) }, servers, ownerOf };
}

/** Of `CLUSTER NODES`: `<id> <ip:port@bus> <flags> <primary> <ping> <pong> <epoch> <link> <first>-<last> …`. */
function ownerPort(nodes: string, slot: number): number | undefined {
  for (const line of nodes.split('\n')) {
    const [, address = '', , , , , , , ...ranges] = line.split(' ');
    const owns = ranges.some((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return from !== undefined && to !== undefined && slot >= from && slot <= to;
    });
    if (owns) return Number(/:(\d+)@/.exec(address)?.[1]);
  }
  return undefined;
}

async function startServer(context: TestContext, settings: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start(await temporaryDirectory(), settings);
  context.after(() => server.kill());
  return server;
}

async function startClusterNode(context: TestContext, settings: readonly string[]): Promise<RedisServer> {
  // By default the bus has the port 10000 above, which need not be there.
  const own = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)];
  return onFreePort((bus) => startServer(context, [...settings, ...own, '--cluster-port', String(bus)]));
}

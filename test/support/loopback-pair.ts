import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CollectorStatus } from '../../src/console/status.ts';
import type { PairStatus } from '../../src/pair/pair-status.ts';
import { CollectorProcess, freeTcpPort } from './collector-process.ts';
import { eventually } from './processes.ts';

type Family = 'flow' | 'syslog' | 'snmp';

export interface LoopbackPairOptions {
  readonly folder: string;
  readonly databaseUrl: string;
  /** More of the configuration, the same on both nodes. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const FAMILIES: readonly Family[] = ['flow', 'syslog', 'snmp'];
/** The fast profile of docs/ha.md. */
const FAST = { beat: '150ms', lease: '1100ms', takeoverWindow: '1775ms' };
const SETTLE_MS = 60_000;

/**
 * Two whole collectors of one pair on loopback, without namespaces and rights: the virtual IP is an address that any process may bind,
 * and moving it is left to nobody.
 */
export class LoopbackPair {
  /** The virtual IP. */
  readonly address: string;
  readonly ports: Readonly<Record<Family, number>>;
  readonly #options: LoopbackPairOptions;
  readonly #linkPort: number;
  readonly #nodes: [CollectorProcess | undefined, CollectorProcess | undefined] = [undefined, undefined];

  private constructor(options: LoopbackPairOptions, address: string, ports: readonly number[]) {
    const [flow = 0, syslog = 0, snmp = 0, link = 0] = ports;
    this.#options = options;
    this.address = address;
    this.ports = { flow, syslog, snmp };
    this.#linkPort = link;
  }

  /** Resolves when one node is active and the other could be. */
  static async start(options: LoopbackPairOptions): Promise<LoopbackPair> {
    // Test files run beside each other: each has an address of its own.
    const address = `127.${randomInt(100, 250)}.${randomInt(250)}.${randomInt(10, 250)}`;
    const ports = [...(await Promise.all(FAMILIES.map(() => freeUdpPort(address)))), await freeTcpPort()];
    const pair = new LoopbackPair(options, address, ports);
    await writeFile(join(options.folder, 'secret'), randomBytes(32).toString('base64'), { mode: 0o600 });
    await Promise.all([pair.startNode(0), pair.startNode(1)]);
    await pair.isWell();
    return pair;
  }

  async startNode(index: 0 | 1): Promise<void> {
    const folder = join(this.#options.folder, nameOf(index));
    await mkdir(folder, { recursive: true });
    this.#nodes[index] = await CollectorProcess.start({
      folder,
      databaseUrl: this.#options.databaseUrl,
      settings: this.#settingsOf(index),
    });
  }

  async stopNode(index: 0 | 1): Promise<void> {
    await this.#nodes[index]?.stop();
    this.#nodes[index] = undefined;
  }

  /** Waits until one node is active, the other ready, and both know the same. */
  async isWell(): Promise<void> {
    await eventually(
      'the pair is well',
      async () => {
        const statuses = await this.#pairs();
        return statuses.filter((status) => status?.own.role === 'active').length === 1 && statuses.every(isWell);
      },
      SETTLE_MS,
    );
  }

  /** The active node; waits until there is one. */
  async active(): Promise<0 | 1> {
    let found: 0 | 1 | undefined;
    await eventually(
      'a node is active',
      async () => {
        const statuses = await this.#pairs();
        const index = statuses.findIndex((status) => status?.own.role === 'active' && status.own.isListening);
        found = index === 0 || index === 1 ? index : undefined;
        return found !== undefined;
      },
      SETTLE_MS,
    );
    return found ?? 0;
  }

  async status(index: 0 | 1): Promise<CollectorStatus> {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`${nameOf(index)} does not run`);
    return node.status();
  }

  /** As an operator does it who knows why the other node is not ready; resolves when the other node alone listens. */
  async switchOver(): Promise<void> {
    const from = await this.active();
    const file = join(this.#options.folder, nameOf(from), 'dogwatch.yaml');
    await promisify(execFile)(process.execPath, [LAUNCHER, 'switchover', '--force', '--config', file]);
    await eventually('the other node is active', async () => (await this.active()) !== from);
    await this.#isAlone();
  }

  /** Waits until the active node alone has sockets on the virtual IP: the other keeps its own for as long as stragglers may come. */
  async #isAlone(): Promise<void> {
    const pid = this.#nodes[await this.active()]?.pid ?? 0;
    await eventually(
      'the active node alone listens',
      async () => {
        const sockets = await this.#flowSockets();
        return sockets.length === 1 && (await socketsOf(pid)).has(sockets[0] ?? '');
      },
      SETTLE_MS,
    );
  }

  /**
   * Inodes of sockets on the virtual IP. proc(5), /proc/net/udp: the address as a number in the order of the machine's bytes, then the port,
   * both in hexadecimal; the inode is the tenth field.
   */
  async #flowSockets(): Promise<string[]> {
    const address = Buffer.from(this.address.split('.').map(Number).toReversed()).toString('hex');
    const local = `${address}:${this.ports.flow.toString(16).padStart(4, '0')}`.toUpperCase();
    const lines = (await readFile('/proc/net/udp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
    return lines.filter((fields) => fields[1] === local).map((fields) => fields[9] ?? '');
  }

  /** All processes of the active node end at once, as in a power cut; resolves when the other node listens. */
  async killActive(): Promise<void> {
    const index = await this.active();
    await this.#nodes[index]?.kill();
    this.#nodes[index] = undefined;
    await this.#isAlone();
  }

  /** Both end in order: what was counted is written. */
  async stop(): Promise<void> {
    const running = this.#nodes.splice(0, 2, undefined, undefined);
    await Promise.all(running.map(async (node) => node?.stop()));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => node?.kill()));
  }

  async #pairs() {
    return Promise.all(this.#nodes.map(async (node) => (await node?.status().catch(() => undefined))?.pair));
  }

  #settingsOf(index: 0 | 1): Record<string, unknown> {
    return {
      workers: 1,
      ...this.#options.settings,
      node: { name: nameOf(index) },
      listeners: FAMILIES.map((family) => ({ family, address: this.address, port: this.ports[family] })),
      ha: {
        ...FAST,
        driver: 'none',
        address: ownAddress(index),
        port: this.#linkPort,
        peer: { name: nameOf(1 - index), address: ownAddress(1 - index) },
        virtualAddresses: [`${this.address}/8`],
        secretFile: join(this.#options.folder, 'secret'),
      },
    };
  }
}

/** On one machine the standby finds its ports taken: by the other node. */
function isWell(status: PairStatus | undefined): boolean {
  const findings = status?.own.readiness.findings ?? [];
  return (
    findings.some(({ name, found }) => name === 'warm state' && found === 'equal') &&
    findings.every(({ name, state }) => state !== 'fail' || name === 'ports')
  );
}

/** Inodes of the sockets that a process has. proc(5), /proc/pid/fd. */
async function socketsOf(pid: number): Promise<Set<string>> {
  const folder = `/proc/${pid}/fd`;
  const links = (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => ''));
  return new Set((await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
}

function nameOf(index: number): string {
  return index === 0 ? 'dw-a' : 'dw-b';
}

function ownAddress(index: number): string {
  return `127.0.0.${index + 1}`;
}

/** A port of this address that nobody has. */
export async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

import { readdirSync } from 'node:fs';
import { isAlive } from '../../../storage/process-lock.ts';
import { Host } from './host.ts';
import { run, runNow } from './ip.ts';

/** Namespaces are called `dwlab-<process>-<number>-<host>`. */
const PREFIX = 'dwlab';
const NAMESPACES = '/run/netns';
const BRIDGE = 'bridge0';

let segments = 0;

/**
 * A switch in a namespace of its own, and hosts on it, each in its own: 10.77.0.0/24 and fd77::/64, whatever other labs there are.
 * Everything goes with `remove`, with the process, or when the next lab is made.
 */
export class Segment {
  readonly name: string;
  readonly hosts: Host[] = [];
  readonly #onExit = () => this.#removeNow();

  constructor() {
    segments += 1;
    this.name = `${PREFIX}-${process.pid}-${segments}`;
  }

  /** @throws Error with what `ip` said */
  async start(): Promise<void> {
    removeLeftovers();
    process.on('exit', this.#onExit);
    await run('ip', 'netns', 'add', this.namespace);
    await this.#ip('link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0');
    await this.#ip('link', 'set', BRIDGE, 'up');
  }

  get namespace(): string {
    return `${this.name}-switch`;
  }

  /** Another machine on the segment: 10.77.0.<number>, fd77::<number>. */
  async addHost(name: string, number: number): Promise<Host> {
    const host = new Host(name, `${this.name}-${name}`, number);
    const { namespace } = host;
    await run('ip', 'netns', 'add', namespace);
    this.hosts.push(host);
    await this.#ip('link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', host.interface, 'netns', namespace);
    await this.#ip('link', 'set', 'dev', name, 'master', BRIDGE, 'up');
    await host.setUp();
    return host;
  }

  /** A second card in a host, on the same switch, that answers for its own addresses only. @returns the port of the switch, for `plugPort` */
  async addCard(host: Host, name: string): Promise<string> {
    const port = `${host.name}-${name}`;
    await this.#ip('link', 'add', 'name', port, 'type', 'veth', 'peer', 'name', name, 'netns', host.namespace);
    await this.#ip('link', 'set', 'dev', port, 'master', BRIDGE, 'up');
    const settings = ['arp_ignore=1', 'rp_filter=0'].flatMap((each) =>
      ['all', name, host.interface].map((card) => `net.ipv4.conf.${card}.${each}`),
    );
    await host.run('sysctl', '-qw', ...settings);
    await host.ip('link', 'set', name, 'up');
    return port;
  }

  async plugPort(port: string, isPlugged: boolean): Promise<void> {
    await this.#ip('link', 'set', 'dev', port, isPlugged ? 'up' : 'down');
  }

  /** Pulls the cable of a host, or puts it back. */
  async plug(host: Host, isPlugged: boolean): Promise<void> {
    await this.#ip('link', 'set', 'dev', host.name, isPlugged ? 'up' : 'down');
  }

  /** The switch drops, in silence, all that comes from and goes to the host. */
  async silence(host: Host, isSilent: boolean): Promise<void> {
    // 0: disabled, 3: forwarding (linux/if_bridge.h)
    await run('bridge', '-n', this.namespace, 'link', 'set', 'dev', host.name, 'state', isSilent ? '0' : '3');
  }

  /** Ends every process on the segment, and takes it away. */
  async remove(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.killAll()));
    this.#removeNow();
    process.off('exit', this.#onExit);
  }

  async #ip(...parameters: string[]): Promise<void> {
    await run('ip', '-n', this.namespace, ...parameters);
  }

  #removeNow(): void {
    for (const name of [...this.hosts.map((host) => host.namespace), this.namespace]) removeNamespace(name);
  }
}

/** Labs whose process was killed leave their namespaces, and what runs in them. */
export function removeLeftovers(): void {
  for (const name of listNamespaces()) {
    const pid = Number(new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1] ?? Number.NaN);
    if (Number.isInteger(pid) && !isAlive(pid)) removeNamespace(name);
  }
}

function listNamespaces(): string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return []; // there was never one
  }
}

function removeNamespace(name: string): void {
  for (const pid of runNow('ip', 'netns', 'pids', name).split('\n').map(Number).filter(Boolean)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  runNow('ip', 'netns', 'del', name);
}

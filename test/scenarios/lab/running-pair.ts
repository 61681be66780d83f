import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { CollectorStatus } from '../../../src/console/status.ts';
import type { PairStatus } from '../../../src/pair/pair-status.ts';
import type { Host } from './host.ts';
import { type Lab, VIRTUAL_IP } from './lab.ts';
import type { NodeProcess } from './node-process.ts';
import { type PairOptions, pairOf } from './pair.ts';

/** Longer than a takeover window and all that follows it, on a machine that has other things to do. */
const SETTLE_MS = 45_000;
/** A writer whose connection was cut in silence notices when its statement times out. */
const WRITTEN_MS = 120_000;
/** Not all the time: the nodes share the machine with whoever asks. */
const ASK_AGAIN_MS = 150;
/** The console listens on the machine itself alone, and a request by hand starts no runtime. */
const GET_STATUS =
  'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET /api/status HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3; cat <&3';
const ANSWER_SECONDS = '2';

/** What the database says of the pair, read past any fault of the network. */
export interface StoredEvent {
  readonly node: string;
  readonly epoch: string;
  readonly kind: string;
  readonly summary: string;
}

/** A pair that runs in a lab: who has which role, and what happened, by what the nodes, the database and the segment say. */
export class RunningPair {
  readonly lab: Lab;
  readonly a: NodeProcess;
  readonly b: NodeProcess;

  private constructor(lab: Lab, nodes: { a: NodeProcess; b: NodeProcess }) {
    this.lab = lab;
    this.a = nodes.a;
    this.b = nodes.b;
  }

  /** Resolves when one node is active and the other could be. */
  static async start(lab: Lab, options: PairOptions = {}): Promise<RunningPair> {
    const pair = await RunningPair.of(lab, options);
    await Promise.all([pair.a.start(), pair.b.start()]);
    await pair.isWell();
    return pair;
  }

  /** The same, with nothing started. */
  static async of(lab: Lab, options: PairOptions = {}): Promise<RunningPair> {
    return new RunningPair(lab, await pairOf(lab, options));
  }

  get nodes(): readonly NodeProcess[] {
    return [this.a, this.b];
  }

  other(node: NodeProcess): NodeProcess {
    return node === this.a ? this.b : this.a;
  }

  /** Undefined: it does not answer. */
  async collector(node: NodeProcess): Promise<CollectorStatus | undefined> {
    try {
      const answer = await node.host.run('timeout', ANSWER_SECONDS, 'bash', '-c', GET_STATUS);
      const status: CollectorStatus = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
      return status;
    } catch {
      return undefined;
    }
  }

  async status(node: NodeProcess): Promise<PairStatus | undefined> {
    return (await this.collector(node))?.pair;
  }

  /** Waits until exactly one node says that it is active, and listens. */
  async active(): Promise<NodeProcess> {
    let found: NodeProcess | undefined;
    await this.until('one node is active', async () => {
      const states = await Promise.all(this.nodes.map((node) => this.status(node)));
      const active = this.nodes.filter((_, at) => states[at]?.own.role === 'active' && states[at].own.isListening);
      found = active[0];
      return active.length === 1;
    });
    if (found === undefined) throw new Error('no node is active');
    return found;
  }

  /** Waits until `node` says that it has this role. */
  async becomes(node: NodeProcess, role: 'active' | 'standby' | 'collecting'): Promise<PairStatus> {
    let seen: PairStatus | undefined;
    await this.until(`${node.host.name} is ${role}`, async () => {
      seen = await this.status(node);
      return seen?.own.role === role && seen.own.isListening === (role !== 'standby');
    });
    if (seen === undefined) throw new Error('no status');
    return seen;
  }

  /** Waits until a status of `node` is as `condition` wants it. */
  async shows(node: NodeProcess, what: string, condition: (status: PairStatus) => boolean): Promise<PairStatus> {
    let seen: PairStatus | undefined;
    await this.until(`${node.host.name} shows ${what}`, async () => {
      seen = await this.status(node);
      return seen !== undefined && condition(seen);
    });
    if (seen === undefined) throw new Error('no status');
    return seen;
  }

  /** Waits until one node is active with both votes, and the other is ready to succeed it. @returns the active one */
  async isWell(): Promise<NodeProcess> {
    let found: NodeProcess | undefined;
    await this.until('the pair is well', async () => {
      const states = await Promise.all(this.nodes.map((node) => this.status(node)));
      found = this.nodes.find((_, at) => isWellActive(states[at]) && states[1 - at]?.own.role === 'standby');
      if (found === undefined) return false;
      return states[found === this.a ? 1 : 0]?.own.readiness.isReady === true;
    });
    if (found === undefined) throw new Error('no node is active');
    return found;
  }

  /** Undoes all faults, starts whoever does not run, and waits until all is well. @returns the active node */
  async recover(): Promise<NodeProcess> {
    await this.lab.faults.healAll();
    for (const node of this.nodes) if (!node.isRunning) await node.start();
    return this.isWell();
  }

  /** Waits until no batch waits on a node that runs. */
  async isWritten(): Promise<void> {
    const isEmpty = async (node: NodeProcess) => {
      const status = node.isRunning ? await this.collector(node) : undefined;
      return status?.journal === undefined || status.journal.batches === 0;
    };
    const check = async () => (await Promise.all(this.nodes.map(isEmpty))).every(Boolean);
    await this.until('no batch waits', check, WRITTEN_MS);
  }

  /** The MACs that answer for an address, asked from the exporter's machine. */
  async owners(address = VIRTUAL_IP): Promise<Set<string>> {
    const { exporter } = this.lab;
    // It ends after as many answers, or when the time is over: exit code 1 where there were less.
    const script = `arping -b -c 2 -w 2 -I ${exporter.interface} ${address} || true`;
    const said = await exporter.run('sh', '-c', script);
    return new Set([...said.matchAll(/\[([\dA-Fa-f:]+)\]/g)].map(([, mac = '']) => mac.toLowerCase()));
  }

  /** Waits until the segment knows `host`, and nobody else, for the address. */
  async isOwnedBy(host: Host, address = VIRTUAL_IP): Promise<void> {
    await this.until(`${host.name} alone answers for ${address}`, async () => {
      const owners = await this.owners(address);
      return owners.size === 1 && owners.has(host.mac);
    });
  }

  /** The epoch in the database. */
  async epoch(): Promise<number> {
    const [row] = await this.lab.database.query<{ epoch: string }>('SELECT epoch FROM ha_heartbeat');
    return Number(row?.epoch ?? 0);
  }

  /** Events of these kinds that were stored after `mark`, in the order in which they happened. */
  async events(mark: string, ...kinds: string[]): Promise<StoredEvent[]> {
    const sql = `SELECT node, epoch, kind, summary FROM ha_events
      WHERE id > (SELECT id FROM ha_events WHERE uid = $1) AND kind = ANY ($2) ORDER BY id`;
    return this.lab.database.query<StoredEvent>(sql, [mark, kinds]);
  }

  /** From here on: for `events`. */
  async mark(): Promise<string> {
    const uid = randomUUID();
    await this.lab.database.query(
      `INSERT INTO ha_events (at, epoch, uid, pair, node, kind, summary, notified_at)
       VALUES (now(), 0, $1, 'lab', 'lab', 'mark', 'a mark of the test', now())`,
      [uid],
    );
    return uid;
  }

  /** How often a role changed since `mark`. */
  async moves(mark: string): Promise<StoredEvent[]> {
    return this.events(mark, 'takeover', 'switchover', 'role');
  }

  /** Waits; where it is in vain, what the nodes say of themselves is in the error. */
  async until(what: string, condition: () => Promise<boolean>, limitMs = SETTLE_MS): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`waited in vain until ${what}: ${await this.#describe()}`);
      await pause(ASK_AGAIN_MS);
    }
  }

  async #describe(): Promise<string> {
    const lines = this.nodes.map(async (node) => {
      const status = await this.status(node);
      if (status === undefined) return `${node.host.name} does not answer`;
      const { role, reason, epoch, readiness, votes } = status.own;
      const lacks = readiness.findings
        .filter(({ state }) => state === 'fail')
        .map(({ name, found }) => `${name}: ${found}`);
      return `${node.host.name} is ${role} (${reason}), epoch ${epoch}, votes ${JSON.stringify(votes)}, lacks [${lacks.join('; ')}]`;
    });
    return (await Promise.all(lines)).join(' | ');
  }
}

function isWellActive(status: PairStatus | undefined): boolean {
  if (status === undefined) return false;
  const { role, isListening, votes } = status.own;
  return role === 'active' && isListening && votes.database.leftMs > 0 && votes.peer.leftMs > 0;
}

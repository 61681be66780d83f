import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/processes.ts';
import { DatabaseHost } from './database-host.ts';
import { Faults } from './faults.ts';
import type { Host } from './host.ts';
import { NodeProcess } from './node-process.ts';
import { RedisHost } from './redis-host.ts';
import { Segment } from './segment.ts';
import { compare, type Outcome } from './traffic/compare.ts';
import { type ExporterSettings, NumberedExporter } from './traffic/exporter.ts';
import type { Kind } from './traffic/numbered-datagrams.ts';

export interface LabOptions {
  /** Default: false. */
  readonly redis?: boolean;
}

export type ExporterChoice = Partial<ExporterSettings> & { readonly kind: Kind };

export const VIRTUAL_IP = '10.77.0.100';
export const VIRTUAL_IP6 = 'fd77::100';
const FLOW_PORT = 2055;
const SYSLOG_PORT = 5514;
const TRAP_PORT = 5162;

const PORTS: Readonly<Record<Kind, number>> = {
  netflow5: FLOW_PORT,
  netflow9: FLOW_PORT,
  ipfix: FLOW_PORT,
  syslog: SYSLOG_PORT,
  inform: TRAP_PORT,
};

/**
 * Two nodes, an exporter, a database and, if wanted, a Redis host, each a machine of its own on one switch:
 *
 *     a (.1)   b (.2)   exporter (.3)   database (.4)   redis (.5)      virtual IP .100
 *     ───┴────────┴──────────┴───────────────┴──────────────┴───       10.77.0.0/24, fd77::/64
 */
export class Lab {
  readonly folder: string;
  readonly segment: Segment;
  readonly faults: Faults;
  readonly a: Host;
  readonly b: Host;
  readonly exporter: Host;
  readonly database: DatabaseHost;
  readonly redis: RedisHost | undefined;
  #exporters = 0;

  private constructor(
    folder: string,
    segment: Segment,
    hosts: { a: Host; b: Host; exporter: Host; database: Host },
    redis?: Host,
  ) {
    this.folder = folder;
    this.segment = segment;
    this.faults = new Faults(segment);
    this.a = hosts.a;
    this.b = hosts.b;
    this.exporter = hosts.exporter;
    this.database = new DatabaseHost(hosts.database, join(folder, 'database'));
    this.redis = redis === undefined ? undefined : new RedisHost(redis, join(folder, 'redis'));
  }

  /** Everything but the nodes, which the caller starts. */
  static async start(options: LabOptions = {}): Promise<Lab> {
    const folder = await mkdtemp(join(tmpdir(), 'dwlab-'));
    await chmod(folder, 0o711);
    const segment = new Segment();
    try {
      await segment.start();
      const a = await segment.addHost('a', 1);
      const b = await segment.addHost('b', 2);
      const exporter = await segment.addHost('exporter', 3);
      const database = await segment.addHost('database', 4);
      const redis = options.redis === true ? await segment.addHost('redis', 5) : undefined;
      const lab = new Lab(folder, segment, { a, b, exporter, database }, redis);
      await Promise.all([lab.database.create(), lab.redis?.start()]);
      return lab;
    } catch (error) {
      await segment.remove();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Undoes all faults, ends everything, and takes the machines away. */
  async remove(): Promise<void> {
    await this.faults.healAll().catch(() => {}); // what cannot be healed goes with its machine
    await this.segment.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A node that is not started yet: listens for everything, and writes to the lab's database. */
  node(
    host: Host,
    settings: Readonly<Record<string, unknown>> = {},
    environment: NodeJS.ProcessEnv = {},
    program?: string,
  ): NodeProcess {
    const own = {
      database: { url: this.database.url },
      listeners: [
        { family: 'flow', port: FLOW_PORT },
        { family: 'syslog', port: SYSLOG_PORT },
        { family: 'snmp', port: TRAP_PORT },
      ],
      ...(this.redis === undefined ? {} : { redis: { url: this.redis.url } }),
    };
    return new NodeProcess(host, join(this.folder, host.name), { ...own, ...settings }, environment, program);
  }

  /** A sender to the virtual IP, 1,000 datagrams a second unless `choice` says otherwise. Resolves when it has begun. */
  async startExporter(choice: ExporterChoice): Promise<NumberedExporter> {
    this.#exporters += 1; // before anything is awaited: several may be started at once
    const domain = choice.domain ?? this.#exporters;
    const settings = {
      domain,
      target: VIRTUAL_IP,
      port: PORTS[choice.kind],
      perSecond: 1000,
      recordFile: join(this.folder, `sent-${domain}`),
      ...choice,
    };
    return NumberedExporter.start(this.exporter, settings);
  }

  /** Compares what an exporter has sent with what is in the database by now. */
  async check(exporter: NumberedExporter): Promise<Outcome> {
    return compare(await exporter.sendTimes(), await this.#storedNumbers(exporter));
  }

  /** Waits until no more rows of `exporter` come, then compares. For an exporter that was stopped. */
  async settle(exporter: NumberedExporter, quietMs = 2000, limitMs = 30_000): Promise<Outcome> {
    let count = -1;
    let sinceMs = performance.now();
    await eventually(
      'no more rows come',
      async () => {
        const { length } = await this.#storedNumbers(exporter);
        if (length !== count) sinceMs = performance.now();
        count = length;
        return performance.now() - sinceMs >= quietMs;
      },
      limitMs,
    );
    return this.check(exporter);
  }

  async #storedNumbers({ settings, host }: NumberedExporter): Promise<number[]> {
    const rows = await this.database.query<{ number: string }>(NUMBERS[settings.kind], [
      [host.address, host.address6],
      String(settings.domain),
    ]);
    return rows.map((row) => Number(row.number));
  }
}

const FLOW_NUMBERS = `SELECT packets AS number FROM flows WHERE exporter = ANY ($1::inet[]) AND observation_domain = $2::int8`;

const NUMBERS: Readonly<Record<Kind, string>> = {
  netflow5: FLOW_NUMBERS,
  netflow9: FLOW_NUMBERS,
  ipfix: FLOW_NUMBERS,
  syslog: `SELECT substring(message FROM 'number=(\\d+)') AS number FROM syslog_messages WHERE device = ANY ($1::inet[]) AND proc_id = $2`,
  inform: `SELECT request_id AS number FROM snmp_traps WHERE device = ANY ($1::inet[]) AND $2::text IS NOT NULL`,
};

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import { skipWithout } from '../../test/support/packages.ts';
import { eventually, startTool, type Tool } from '../../test/support/processes.ts';
import { freeUdpPort, udpSocketState } from './udp-socket.ts';

export interface RsyslogOptions {
  /** For its configuration. */
  readonly folder: string;
  readonly database: DatabaseAddress;
  readonly table: string;
  /** Each has a connection of its own. */
  readonly workers: number;
}

const QUEUE_MESSAGES = 2_000_000;
const BATCH_MESSAGES = 4096;

/** What is missing for `Rsyslog`, in a sentence; false when all is there. */
export function rsyslogLacks(): string | false {
  return skipWithout('rsyslogd', 'ompgsql.so');
}

/**
 * A real rsyslogd that writes what it receives over UDP to PostgreSQL, as its documentation advises for high rates: imudp reads
 * many datagrams at a time, a queue in memory takes the bursts, ompgsql's workers commit a batch at a time. ompgsql sends one
 * INSERT a message; more than the transaction cannot be put together.
 */
export class Rsyslog {
  readonly port: number;
  readonly #tool: Tool;

  private constructor(port: number, tool: Tool) {
    this.port = port;
    this.#tool = tool;
  }

  static async start(options: RsyslogOptions): Promise<Rsyslog> {
    const port = await freeUdpPort();
    const file = join(options.folder, `rsyslog-${port}.conf`);
    await writeFile(file, configuration(options, port));
    const pidFile = join(options.folder, `rsyslog-${port}.pid`);
    const tool = startTool('rsyslogd', ['-n', '-f', file, '-i', pidFile], options.folder);
    await eventually('rsyslogd listens', async () => {
      if (tool.child.exitCode !== null) throw new Error(`rsyslogd ended:\n${tool.output()}`);
      return (await udpSocketState(port)) !== undefined;
    });
    return new Rsyslog(port, tool);
  }

  async stop(): Promise<void> {
    this.#tool.child.kill('SIGTERM');
    const limit = setTimeout(() => this.#tool.child.kill('SIGKILL'), 10_000);
    await this.#tool.exited;
    clearTimeout(limit);
  }
}

/** The columns that both collectors have. */
export function createRsyslogTable(table: string): string {
  return `CREATE TABLE ${table} (
    received_at timestamptz NOT NULL, device_time timestamptz, facility smallint, severity smallint,
    device inet, hostname text, app_name text, message text)`;
}

function configuration({ folder, database, table, workers }: RsyslogOptions, port: number): string {
  const { host = '127.0.0.1', user, database: name } = database;
  // A URI, since rsyslog takes no blanks here.
  const connection = `postgresql://${user}@/${name}?host=${encodeURIComponent(host)}&port=${database.port}`;
  return `
global(workDirectory="${folder}")
module(load="imudp" batchSize="128" timeRequery="8")
module(load="ompgsql")
template(name="insert" type="list" option.stdsql="on") {
  constant(value="INSERT INTO ${table} VALUES ('")
  property(name="timegenerated" dateFormat="rfc3339")
  constant(value="','")
  property(name="timereported" dateFormat="rfc3339")
  constant(value="',")
  property(name="syslogfacility")
  constant(value=",")
  property(name="syslogseverity")
  constant(value=",'")
  property(name="fromhost-ip")
  constant(value="','")
  property(name="hostname")
  constant(value="','")
  property(name="programname")
  constant(value="','")
  property(name="msg")
  constant(value="')")
}
ruleset(name="in" queue.type="direct") {
  action(type="ompgsql" conninfo="${connection}" template="insert"
    queue.type="FixedArray" queue.size="${QUEUE_MESSAGES}" queue.timeoutEnqueue="0"
    queue.workerThreads="${workers}" queue.workerThreadMinimumMessages="${BATCH_MESSAGES}"
    queue.dequeueBatchSize="${BATCH_MESSAGES}")
}
input(type="imudp" address="127.0.0.1" port="${port}" ruleset="in" rcvbufSize="8m")
`;
}

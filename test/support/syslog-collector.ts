import type { CollectorStatus } from '../../src/console/status.ts';
import type { DatabaseClient } from '../../storage/database/database.ts';
import type { Certificate } from './certificates.ts';
import { CollectorProcess } from './collector-process.ts';
import { eventually } from './processes.ts';

/** Where each way of sending syslog arrives. Those over TLS are 0 without a certificate. */
export interface SyslogPorts {
  readonly udp: number;
  readonly tcp: number;
  readonly relp: number;
  readonly tls: number;
  readonly relpTls: number;
}

export interface SyslogCollectorOptions {
  readonly folder: string;
  readonly databaseUrl: string;
  /** With it TLS is heard as well. */
  readonly tls?: Certificate & { readonly clientCaFile?: string; readonly clientSubjects?: readonly string[] };
  /** Those of an earlier run, so that senders find it again. */
  readonly ports?: SyslogPorts;
  /** More of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface SyslogCollector {
  readonly process: CollectorProcess;
  readonly ports: SyslogPorts;
}

const ANY: SyslogPorts = { udp: 0, tcp: 0, relp: 0, tls: 0, relpTls: 0 };

/** The whole collector with a socket for each way of sending syslog, all on loopback. */
export async function startSyslogCollector(options: SyslogCollectorOptions): Promise<SyslogCollector> {
  const { folder, databaseUrl, tls, ports = ANY, settings = {} } = options;
  const on = { family: 'syslog', address: '127.0.0.1' };
  const listeners = [
    { ...on, transport: 'udp', port: ports.udp },
    { ...on, transport: 'tcp', port: ports.tcp },
    { ...on, transport: 'relp', port: ports.relp },
    ...(tls === undefined
      ? []
      : [
          { ...on, transport: 'tls', port: ports.tls },
          { ...on, transport: 'relp', port: ports.relpTls, tls: {} },
        ]),
  ];
  const process = await CollectorProcess.start({
    folder,
    databaseUrl,
    settings: { syslog: { timeZone: 'UTC' }, ...settings, listeners, ...(tls === undefined ? {} : { tls }) },
  });
  const [udp = 0, tcp = 0, relp = 0, secure = 0, relpTls = 0] = portsOf(await process.status());
  return { process, ports: { udp, tcp, relp, tls: secure, relpTls } };
}

function portsOf({ listeners }: CollectorStatus): number[] {
  return listeners.map(({ port }) => port);
}

/** Waits until that many messages are stored that meet `where`, and fails when there are more. */
export async function storedCount(client: DatabaseClient, count: number, where: string): Promise<void> {
  let found = 0;
  await eventually('everything is stored', async () => {
    found = await countMessages(client, where);
    return found >= count;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${found} of ${count} where ${where}`);
  });
  if (found > count) throw new Error(`${found} messages are stored and not ${count}, where ${where}`);
}

/** How many messages are stored that meet `where`. */
export async function countMessages(client: DatabaseClient, where: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM syslog_messages WHERE ${where}`,
  );
  return rows[0]?.count ?? 0;
}

/** The totals that `run --json` prints when it has stopped. */
export function statusAtEnd(collector: CollectorProcess): CollectorStatus {
  const line = /\{"time":"[^"]*","event":"stopped".*$/m.exec(collector.output)?.[0];
  if (line === undefined) throw new Error(`the collector has not stopped:\n${collector.output}`);
  const { status }: { status: CollectorStatus } = JSON.parse(line);
  return status;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnmpStatus } from '../../src/console/status.ts';
import { CollectorProcess } from './collector-process.ts';
import { isolateNetSnmp } from './net-snmp-tools.ts';
import { eventually, runTool, startTool, type Tool } from './processes.ts';

/** The credentials file, as a user writes it. */
export interface Credentials {
  readonly communities?: Readonly<Record<string, string>>;
  readonly users?: readonly Readonly<Record<string, unknown>>[];
}

export interface SnmpCollectorOptions {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly credentials?: Credentials;
  /** That of an earlier run, so that senders find it again. */
  readonly port?: number;
  /** More of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The whole collector with a socket for SNMP on loopback, and net-snmp's tools to send to it. */
export class SnmpCollector {
  readonly process: CollectorProcess;
  readonly port: number;
  readonly #folder: string;

  private constructor(process: CollectorProcess, folder: string) {
    this.process = process;
    this.port = process.flowPort;
    this.#folder = folder;
  }

  static async start(options: SnmpCollectorOptions): Promise<SnmpCollector> {
    const { folder, databaseUrl, credentials, port = 0, settings = {} } = options;
    isolateNetSnmp(folder);
    if (credentials !== undefined) await writeCredentials(folder, credentials);
    await mkdir(mibFolder(folder), { recursive: true });
    const listeners = [{ family: 'snmp', address: '127.0.0.1', port }];
    const snmp = credentials === undefined ? {} : { snmp: { credentialsFile: credentialsFile(folder) } };
    const process = await CollectorProcess.start({
      folder,
      databaseUrl,
      settings: { ...snmp, ...settings, listeners },
    });
    return new SnmpCollector(process, folder);
  }

  async status(): Promise<SnmpStatus> {
    return (await this.process.status()).snmp;
  }

  /** Waits until the counts are so. */
  async counts(what: string, condition: (status: SnmpStatus) => boolean): Promise<void> {
    await eventually(what, async () => condition(await this.status()));
  }

  /** Runs `snmptrap` or `snmpinform`; `port` of somebody else who passes it on. */
  run(tool: NotificationTool, notification: Notification, port = this.port) {
    return runTool(tool, parametersOf(notification, port), this.#folder, 60_000);
  }

  /** The same, which goes on while something else happens. */
  start(tool: NotificationTool, notification: Notification, port = this.port): Tool {
    return startTool(tool, parametersOf(notification, port), this.#folder);
  }
}

export type NotificationTool = 'snmptrap' | 'snmpinform';

/** What a tool of net-snmp is called with. */
export interface Notification {
  /** Version, community or user, and more options. */
  readonly options: readonly string[];
  /** Behind the address: uptime, OID, varbinds; of v1 also enterprise, agent and numbers. */
  readonly content: readonly string[];
}

function parametersOf({ options, content }: Notification, port: number): string[] {
  return [...options, `127.0.0.1:${port}`, ...content];
}

export function credentialsFile(folder: string): string {
  return join(folder, 'snmp-credentials.yaml');
}

export function mibFolder(folder: string): string {
  return join(folder, 'mibs');
}

export function writeCredentials(folder: string, credentials: Credentials): Promise<void> {
  return writeFile(credentialsFile(folder), JSON.stringify(credentials)); // JSON is YAML as well
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, startTool } from './processes.ts';

/** OIDs dotted without a leading dot, octets as hexadecimal numbers, ticks as they are; type empty where it prints none. */
export type PrintedVarbind = readonly [oid: string, type: string, value: string];

/** One notification as snmptrapd printed it. */
export interface PrintedNotification {
  readonly version: 1 | 2;
  /** Of v1 alone. */
  readonly v1?: {
    readonly agent: string;
    readonly enterprise: string;
    readonly generic: number;
    readonly specific: number;
  };
  readonly varbinds: readonly PrintedVarbind[];
}

const CONFIGURATION = [
  'disableAuthorization yes',
  'outputOption nexUb',
  String.raw`format1 V1|%a|%N|%w|%q|%V~%v\n`,
  String.raw`format2 V2|||||%V~%v\n`,
  '',
];

/** From now on net-snmp's tools read nothing of this machine: no settings, no MIBs. */
export function isolateNetSnmp(folder: string): void {
  process.env['SNMP_PERSISTENT_DIR'] = folder;
  process.env['SNMPCONFPATH'] = folder;
  process.env['MIBS'] = '';
}

/** Runs `send` against a real snmptrapd. @returns what it printed, once it has printed `count` notifications */
export async function printWithSnmptrapd(
  send: () => Promise<void>,
  port: number,
  count: number,
  folder: string,
): Promise<PrintedNotification[]> {
  const configuration = join(folder, 'trapd.conf');
  await writeFile(configuration, CONFIGURATION.join('\n'));
  const log = join(folder, 'trapd.log');
  const parameters = ['-f', '-C', '-c', configuration, '-Lf', log, `udp:127.0.0.1:${port}`];
  const daemon = startTool('snmptrapd', parameters, folder);
  const lines = async (): Promise<string[]> => printedLines(await readFile(log, 'utf8').catch(() => ''));
  try {
    await eventually('snmptrapd starts', async () =>
      /NET-SNMP version/.test(await readFile(log, 'utf8').catch(() => '')),
    );
    await send();
    await eventually('snmptrapd has printed everything', async () => (await lines()).length >= count);
  } finally {
    daemon.child.kill();
    await daemon.exited;
  }
  return (await lines()).map(parseLine);
}

function printedLines(text: string): string[] {
  return text.split('\n').filter((line) => /^V[12]\|/.test(line));
}

function parseLine(line: string): PrintedNotification {
  const [version, agent = '', enterprise = '', generic = '', specific = '', ...rest] = line.split('|');
  const varbinds = rest.join('|').split('~').filter(Boolean).map(parseVarbind);
  if (version !== 'V1') return { version: 2, varbinds };
  const v1 = {
    agent,
    enterprise: enterprise.slice(1),
    generic: Number(generic),
    specific: Number(specific.replace('.', '')),
  };
  return { version: 1, v1, varbinds };
}

/** `.1.3.6 = Hex-STRING: 0A 0B ` */
function parseVarbind(text: string): PrintedVarbind {
  const [oid = '', ...rest] = text.split(' = ');
  const value = rest.join(' = ');
  const [, type = '', content = ''] = /^((?:Opaque: )?[\w-]+): (.*)$/.exec(value) ?? [];
  return [oid.replace(/^\./, ''), type, type === '' ? value : plainContent(type, content)];
}

function plainContent(type: string, content: string): string {
  if (type === 'Hex-STRING') return content.replaceAll(' ', '').toLowerCase();
  if (type === 'Timeticks') return /\((\d+)\)/.exec(content)?.[1] ?? content;
  return type === 'OID' ? content.replace(/^\./, '') : content;
}

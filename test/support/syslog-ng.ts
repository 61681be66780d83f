import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, renameSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { findCommand } from './packages.ts';
import { startTool, type Tool } from './processes.ts';

/** syslog-ng as it is installed, or as it lies in a folder of ours. */
export interface SyslogNg {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

// Debian installs either rsyslog or syslog-ng. So this one is unpacked, with what it needs beside a plain Debian.
const PACKAGES = ['syslog-ng-core', 'libivykis0', 'libnet1', 'libwrap0', 'libpcre3'];
const UNPACKED = join(tmpdir(), 'dogwatch-syslog-ng');

/** Finds or unpacks it. @returns why there is none, as a test's `skip` option wants it */
export function provideSyslogNg(): SyslogNg | string {
  const installed = findCommand('syslog-ng');
  if (installed !== undefined) return { command: installed, parameters: [], environment: {} };
  const command = join(UNPACKED, 'usr/sbin/syslog-ng');
  if (!existsSync(command) && !unpack()) return 'needs syslog-ng (Debian: syslog-ng-core)';
  const modules = globSync(join(UNPACKED, 'usr/lib/syslog-ng/3.*/'))[0] ?? '';
  const libraries = [dirname(modules), ...globSync(join(UNPACKED, '{usr/lib,lib}/*-linux-gnu'))];
  return {
    command,
    parameters: [`--module-path=${modules}`],
    environment: { LD_LIBRARY_PATH: libraries.join(':') },
  };
}

/** Starts it in the foreground. It sends the lines of `input`, messages of RFC 5424, to `destination`. */
export async function startSyslogNg(
  syslogNg: SyslogNg,
  folder: string,
  lines: readonly string[],
  destination: string,
): Promise<Tool> {
  const own = await mkdtemp(join(folder, 'syslog-ng-'));
  const input = join(own, 'input.log');
  const configuration = join(own, 'syslog-ng.conf');
  await writeFile(input, lines.map((line) => `${line}\n`).join(''));
  await writeFile(
    configuration,
    `@version: 3.35
options { keep-hostname(yes); keep-timestamp(yes); frac-digits(6); stats-freq(0); time-reopen(1); };
source input { file("${input}" flags(syslog-protocol) follow-freq(0.1)); };
destination collector { ${destination} };
log { source(input); destination(collector); flags(flow-control); };
`,
  );
  const files = ['-R', 'persist', '-c', 'control', '-p', 'pid'].map((each, index) =>
    index % 2 === 0 ? each : join(own, each),
  );
  const parameters = ['-F', '-e', '--no-caps', '-f', configuration, ...syslogNg.parameters, ...files];
  const environment = Object.entries(syslogNg.environment).map(([name, value]) => `${name}=${value}`);
  return startTool('env', [...environment, syslogNg.command, ...parameters], own);
}

function unpack(): boolean {
  const folder = `${UNPACKED}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...parameters: string[]): boolean =>
    spawnSync(command, parameters, { cwd: folder, stdio: 'ignore', timeout: 60_000 }).status === 0;
  if (!run('apt-get', '-qq', 'download', ...PACKAGES)) return false;
  if (!globSync(join(folder, '*.deb')).every((file) => run('dpkg', '-x', file, folder))) return false;
  renameSync(folder, UNPACKED);
  return true;
}

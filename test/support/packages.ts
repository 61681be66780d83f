import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';

/** A Debian package that some tests need, with the commands that they call and the services that it would enable. */
interface DebianPackage {
  readonly name: string;
  readonly commands: readonly string[];
  readonly services: readonly string[];
}

/** Real exporters and real collectors: the independent side of the integration tests. */
const DEBIAN_PACKAGES: readonly DebianPackage[] = [
  { name: 'softflowd', commands: ['softflowd'], services: ['softflowd'] },
  { name: 'pmacct', commands: ['pmacctd', 'sfacctd'], services: ['pmacctd', 'nfacctd', 'sfacctd', 'uacctd'] },
  { name: 'snmp', commands: ['snmptrap', 'snmpinform'], services: [] },
  { name: 'snmpd', commands: ['snmpd'], services: ['snmpd'] },
  { name: 'snmptrapd', commands: ['snmptrapd'], services: ['snmptrapd'] },
  { name: 'rsyslog', commands: ['rsyslogd'], services: ['rsyslog'] },
  { name: 'rsyslog-relp', commands: ['omrelp.so'], services: [] },
  { name: 'rsyslog-openssl', commands: ['lmnsd_ossl.so'], services: [] },
  { name: 'rsyslog-pgsql', commands: ['ompgsql.so'], services: [] },
  { name: 'nfdump', commands: ['nfcapd', 'nfdump'], services: ['nfdump'] },
  { name: 'faketime', commands: ['faketime'], services: [] },
  { name: 'redis-server', commands: ['redis-server', 'redis-cli'], services: ['redis-server'] },
  { name: 'bsdutils', commands: ['script'], services: [] },
  { name: 'iproute2', commands: ['ip', 'bridge'], services: [] },
  { name: 'iputils-arping', commands: ['arping'], services: [] },
  { name: 'iputils-ping', commands: ['ping'], services: [] },
  { name: 'libndp-tools', commands: ['ndptool'], services: [] },
  { name: 'ndisc6', commands: ['ndisc6'], services: [] },
  { name: 'faketime', commands: ['faketime'], services: [] },
  { name: 'keepalived', commands: ['keepalived'], services: ['keepalived'] },
];

// An ordinary user's PATH on Debian leaves out the folders where daemons live.
const SEARCH_PATH = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The absolute path of an executable, or of a plug-in of rsyslog (`….so`), or undefined. */
export function findCommand(command: string): string | undefined {
  if (command.endsWith('.so')) return globSync(`/usr/lib/*/rsyslog/${command}`)[0];
  return SEARCH_PATH.filter(Boolean)
    .map((folder) => `${folder}/${command}`)
    .find(isExecutable);
}

/** For a test's `skip` option: false when every command is there, else the sentence that names what lacks. */
export function skipWithout(...commands: string[]): string | false {
  const missing = commands.filter((command) => findCommand(command) === undefined);
  if (missing.length === 0) return false;
  const packages = DEBIAN_PACKAGES.filter((each) => each.commands.some((command) => missing.includes(command)));
  return `needs ${missing.join(', ')} (Debian: ${packages.map((each) => each.name).join(' ')})`;
}

/** The packages of which at least one command is not on this machine. */
export function missingPackages(): readonly DebianPackage[] {
  return DEBIAN_PACKAGES.filter((each) => skipWithout(...each.commands) !== false);
}

/**
 * Installs packages as root. Their services are neither started nor left enabled: Debian starts a daemon with its package, and
 * nfdump's would sit on the very port that our collector wants. Nothing is removed for them (rsyslog excludes syslog-ng).
 */
export async function installPackages(packages: readonly DebianPackage[]): Promise<boolean> {
  const restorePolicy = await forbidServiceStarts();
  try {
    const names = packages.map((each) => each.name);
    const installed = apt('update') && apt('install', '--yes', '--no-install-recommends', '--no-remove', ...names);
    const services = packages.flatMap((each) => each.services).filter(unitExists);
    if (services.length > 0) spawnSync('systemctl', ['--no-reload', 'disable', ...services], { stdio: 'ignore' });
    return installed;
  } finally {
    await restorePolicy();
  }
}

const POLICY = '/usr/sbin/policy-rc.d';

/** Debian's hook: package scripts ask it before they start a service, and 101 forbids it. */
async function forbidServiceStarts(): Promise<() => Promise<void>> {
  if (existsSync(POLICY)) return async () => {};
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
  await chmod(POLICY, 0o755);
  return () => rm(POLICY, { force: true });
}

function apt(...parameters: string[]): boolean {
  const { status, stdout, stderr } = spawnSync('/usr/bin/apt-get', ['-qq', ...parameters], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status !== 0) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  return status === 0;
}

function unitExists(service: string): boolean {
  return existsSync(`/lib/systemd/system/${service}.service`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

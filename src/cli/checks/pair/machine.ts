import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { findProgram, runBounded } from '../../../../ha/virtual-ip/bounded-command.ts';
import { whatIsMissing } from '../../../../ha/virtual-ip/linux/what-is-missing.ts';
import type { CheckResult } from '../check-result.ts';
import { fail, ok, type PairCheck, virtualIps, warn } from './pair-check.ts';

const ASK_MS = 3000;

/** Programs and capabilities of the driver `linux`. */
export const checkMeans: PairCheck = async ({ driver, interface: name = '', virtualAddresses }, { running }) => {
  const what = 'pair, virtual IP';
  if (driver === 'none') return [ok(what, 'moved by somebody else (ha.driver: none)')];
  if (driver === 'command') return [ok(what, 'moved by a command (ha.driver: command)')];
  const missing = await whatIsMissing({
    interface: name,
    ipv4: virtualAddresses.some((address) => !address.includes(':')),
    ipv6: virtualAddresses.some((address) => address.includes(':')),
  });
  if (missing.length === 0) return [ok(what, 'programs and capabilities are here')];
  return missing.map(({ what: found, remedy }) => {
    // Of the shell that asks; the service may have them all the same, and says so of itself.
    const isOfShell = found.includes('CAP_') && process.geteuid?.() !== 0;
    if (!isOfShell) return fail(what, found, remedy);
    const hint = running === undefined ? remedy : 'dogwatch status tells it of the service that runs.';
    return warn(what, `${found.replace('The process', 'This shell')} (checked as this account)`, hint);
  });
};

/** What the kernel is told about ARP and routes; recommended, and changed for a moment by a switchover otherwise. */
export const checkKernel: PairCheck = async (ha) => {
  if (ha.driver !== 'linux' || ha.interface === undefined) return [];
  const { interface: on } = ha;
  const ipv6 = virtualIps(ha).some((address) => address.includes(':'));
  return [
    await recommended(on, 'arp_ignore', 1, 'answers for addresses of that interface alone'),
    await recommended(on, 'arp_announce', 2, 'asks for neighbours with an address of their network'),
    ...(await reversePath(on)),
    ...(ipv6 ? await ipv6Results(on) : []),
    ok('pair, kernel: ip_nonlocal_bind', 'not needed: sockets are opened when the address is there'),
  ];
};

/** The kernel takes the larger of `all` and the interface (ip-sysctl). */
async function effective(on: string, key: string): Promise<number | undefined> {
  const values = await Promise.all(['all', on].map((each) => sysctl(`net/ipv4/conf/${each}/${key}`)));
  const known = values.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function recommended(on: string, key: string, wanted: number, why: string): Promise<CheckResult> {
  const name = `pair, kernel: ${key}`;
  const value = await effective(on, key);
  if (value === wanted) return ok(name, `${value}`);
  return warn(name, `${value ?? 'unknown'} on ${on}, recommended is ${wanted}: ${why}`, setLine(on, key, wanted));
}

/** Strict, with several networks, drops what devices send by another way than answers would take. */
async function reversePath(on: string): Promise<CheckResult[]> {
  const name = 'pair, kernel: rp_filter';
  const value = await effective(on, 'rp_filter');
  const networks = Object.values(networkInterfaces()).filter(
    (each) => each?.some(({ internal }) => !internal) === true,
  );
  if (value !== 1 || networks.length < 2) return [ok(name, `${value ?? 'unknown'}`)];
  const found = `1 (strict) on ${on}, and this machine has ${networks.length} interfaces: what comes by another way than answers go is dropped`;
  return [warn(name, found, setLine(on, 'rp_filter', 2))];
}

async function ipv6Results(on: string): Promise<CheckResult[]> {
  const name = 'pair, kernel: disable_ipv6';
  const value = await sysctl(`net/ipv6/conf/${on}/disable_ipv6`);
  if (value === 0) return [ok(name, '0')];
  const remedy = `sysctl -w net.ipv6.conf.${on}.disable_ipv6=0; or leave the IPv6 address out of ha.virtualAddresses`;
  return [fail(name, `IPv6 is off on ${on}`, remedy)];
}

function setLine(on: string, key: string, value: number): string {
  return `echo 'net.ipv4.conf.${on}.${key} = ${value}' > /etc/sysctl.d/60-dogwatch-${key.replace('_', '-')}.conf && sysctl --system`;
}

async function sysctl(path: string): Promise<number | undefined> {
  const text = await readFile(`/proc/sys/${path}`, 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text);
}

/** Roles do not depend on clocks; times of arrival do. */
export const checkTime: PairCheck = async () => [await synchronised(), timeZone()];

async function synchronised(): Promise<CheckResult> {
  const name = 'pair, time';
  const remedy =
    'Let both nodes keep time by NTP: chrony, systemd-timesyncd or ntpd. Roles do not depend on it, times of arrival do.';
  const timedatectl = await said('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (timedatectl === 'yes') return ok(name, 'synchronised (timedatectl)');
  const chrony = await said('chronyc', ['-n', 'tracking']);
  if (chrony !== undefined && /Leap status\s*:\s*Normal/.test(chrony)) return ok(name, 'synchronised (chronyc)');
  if (timedatectl === undefined && chrony === undefined)
    return warn(name, 'cannot be told: neither timedatectl nor chronyc answers', remedy);
  return warn(name, 'not synchronised', remedy);
}

function timeZone(): CheckResult {
  const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
  return ok(
    'pair, time zone',
    `${zone}; the peer should have the same, and says so where both run: times without a zone are read by it`,
  );
}

async function said(program: string, parameters: readonly string[]): Promise<string | undefined> {
  const path = findProgram(program);
  if (path === undefined) return undefined;
  const { code, stdout } = await runBounded(path, [...parameters], { limitMs: ASK_MS });
  return code === 0 ? stdout.trim() : undefined;
}

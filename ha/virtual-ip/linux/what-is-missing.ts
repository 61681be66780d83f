import { readFile } from 'node:fs/promises';
import { findProgram, runBounded } from '../bounded-command.ts';

/** Something that the driver `linux` needs and this process has not got. */
export interface Missing {
  /** A sentence. */
  readonly what: string;
  /** What to do about it, a sentence. */
  readonly remedy: string;
}

export interface Needs {
  readonly interface: string;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

// linux/capability.h
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n } as const;
const GRANT =
  'Run the service with AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW (systemd), or start it by setpriv --inh-caps +net_admin,+net_raw ' +
  '--ambient-caps +net_admin,+net_raw, or as root. setcap on the program is not enough: what it starts (ip, arping) would not have them.';
const VERSION_LIMIT_MS = 2000;

/** Whether this process may move addresses on this machine. Empty: it may. */
export async function whatIsMissing(needs: Needs): Promise<readonly Missing[]> {
  return [
    ...(await missingCapabilities()),
    ...missingProgram('ip', 'iproute2'),
    ...(needs.ipv4 ? await missingArping() : []),
    ...(needs.ipv6 ? [...missingProgram('ndptool', 'libndp-tools'), ...missingProgram('ndisc6', 'ndisc6')] : []),
    ...(await missingInterface(needs.interface)),
  ];
}

async function missingCapabilities(): Promise<readonly Missing[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = capabilitySet(status, 'CapEff');
  // What a program of another account is started with is the ambient set; root's programs have all that root may have. capabilities(7)
  const inherited = process.geteuid?.() === 0 ? effective : capabilitySet(status, 'CapAmb');
  const missing = Object.entries(CAPABILITIES).filter(([, bit]) => (((effective & inherited) >> bit) & 1n) === 0n);
  if (missing.length === 0) return [];
  const names = missing.map(([name]) => name).join(' and ');
  return [{ what: `The process lacks ${names}, without which it cannot move the virtual IP.`, remedy: GRANT }];
}

function capabilitySet(status: string, name: string): bigint {
  const digits = new RegExp(`^${name}:\\s*([\\da-f]+)$`, 'm').exec(status)?.[1];
  return digits === undefined ? 0n : BigInt(`0x${digits}`);
}

function missingProgram(name: string, debianPackage: string): readonly Missing[] {
  if (findProgram(name) !== undefined) return [];
  return [{ what: `The command ${name} is not installed.`, remedy: `Install ${debianPackage}.` }];
}

// There are two of that name, and the other one (Thomas Habets') has other options.
async function missingArping(): Promise<readonly Missing[]> {
  const remedy = 'Install iputils-arping (Debian, Ubuntu) or iputils (others).';
  const path = findProgram('arping');
  if (path === undefined) return [{ what: 'The command arping is not installed.', remedy }];
  const { stdout, stderr } = await runBounded(path, ['-V'], { limitMs: VERSION_LIMIT_MS });
  if (/iputils/.test(stdout + stderr)) return [];
  return [{ what: `${path} is not the arping of iputils.`, remedy }];
}

async function missingInterface(name: string): Promise<readonly Missing[]> {
  const known = await readFile('/proc/net/dev', 'utf8').catch(() => '');
  const names = [...known.matchAll(/^\s*([^\s:]+):/gm)].map(([, each = '']) => each);
  if (names.includes(name)) return [];
  const others = names.filter((each) => each !== 'lo').join(', ') || 'none but lo';
  return [{ what: `There is no interface ${name}.`, remedy: `Set ha.interface to one of: ${others}.` }];
}

import type { DeviceFacts, InterfaceFacts } from '../../storage/database/polled-names.ts';
import type { AgentValue, SnmpAgent } from './snmp-agent.ts';

/** More interfaces than this are not read from one device. */
const MAX_INTERFACES = 20_000;
/** ifSpeed says this where the speed does not fit (RFC 2863 section 3.1.7). */
const SPEED_ELSEWHERE = 4_294_967_295;

const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0';
const SYS_NAME = '1.3.6.1.2.1.1.5.0';
const IF_DESCR = '1.3.6.1.2.1.2.2.1.2';
const IF_SPEED = '1.3.6.1.2.1.2.2.1.5';
const IF_NAME = '1.3.6.1.2.1.31.1.1.1.1';
const IF_HIGH_SPEED = '1.3.6.1.2.1.31.1.1.1.15';
const IF_ALIAS = '1.3.6.1.2.1.31.1.1.1.18';

/**
 * Reads a device's name and those of its interfaces: SNMPv2-MIB and IF-MIB (RFC 3418, RFC 2863). An agent without ifXTable
 * gives descriptions alone.
 * @throws DogwatchError where it does not answer, or refuses
 */
export async function pollDevice(agent: SnmpAgent): Promise<DeviceFacts> {
  const system = await agent.get([SYS_DESCR, SYS_OBJECT_ID, SYS_NAME]);
  const descriptions = await agent.column(IF_DESCR, MAX_INTERFACES);
  const names = await agent.column(IF_NAME, MAX_INTERFACES);
  const aliases = await agent.column(IF_ALIAS, MAX_INTERFACES);
  const highSpeeds = await agent.column(IF_HIGH_SPEED, MAX_INTERFACES);
  const speeds = await agent.column(IF_SPEED, MAX_INTERFACES);
  const indexes = new Set([...descriptions.keys(), ...names.keys()]);
  const interfaces = [...indexes].map((ifIndex): InterfaceFacts => ({
    ifIndex,
    name: textOf(names.get(ifIndex)),
    alias: textOf(aliases.get(ifIndex)),
    description: textOf(descriptions.get(ifIndex)),
    speed: speedOf(highSpeeds.get(ifIndex), speeds.get(ifIndex)),
  }));
  return {
    sysName: textOf(system.get(SYS_NAME)),
    sysObjectId: identifierOf(system.get(SYS_OBJECT_ID)),
    sysDescr: textOf(system.get(SYS_DESCR)),
    interfaces,
  };
}

/** UTF-16 units of a name that are kept: DisplayString has 255 octets (RFC 2579 section 2), descriptions of some devices more. */
const MAX_TEXT = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Null for nothing said, and for what is no text. PostgreSQL's text holds no NUL. */
function textOf(value: AgentValue | undefined): string | null {
  if (!Buffer.isBuffer(value)) return null;
  const text = decoded(value).replaceAll('\0', '').trim();
  // The cut may go through a surrogate pair, which PostgreSQL would not take.
  return text === '' ? null : text.slice(0, MAX_TEXT).toWellFormed();
}

function identifierOf(value: AgentValue | undefined): string | null {
  return typeof value === 'string' && /^[\d.]+$/.test(value) ? value.slice(0, MAX_TEXT) : null;
}

/** UTF-8, else ISO 8859-1, which every byte is. */
function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** Bits per second. ifHighSpeed counts in millions, and is 0 for what is slower than half of one. */
function speedOf(high: AgentValue | undefined, plain: AgentValue | undefined): number | null {
  if (isPositive(high)) return high * 1_000_000;
  return isPositive(plain) && plain < SPEED_ELSEWHERE ? plain : null;
}

function isPositive(value: AgentValue | undefined): value is number {
  return typeof value === 'number' && value > 0;
}

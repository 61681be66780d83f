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
    sysObjectId: textOf(system.get(SYS_OBJECT_ID)),
    sysDescr: textOf(system.get(SYS_DESCR)),
    interfaces,
  };
}

const MAX_TEXT = 1024;

/** Null for nothing said. PostgreSQL's text holds no NUL. */
function textOf(value: AgentValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  const text = String(value).replaceAll('\0', '').trim().slice(0, MAX_TEXT);
  return text === '' ? null : text;
}

/** Bits per second. ifHighSpeed counts in millions, and is 0 for what is slower than half of one. */
function speedOf(high: AgentValue | undefined, plain: AgentValue | undefined): number | null {
  const millions = Number(high ?? 0);
  if (millions > 0) return millions * 1_000_000;
  const speed = Number(plain ?? 0);
  return speed > 0 && speed < SPEED_ELSEWHERE ? speed : null;
}

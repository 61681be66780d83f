import type { TrapLoadOptions } from '../../src/traffic/snmp/trap-load.ts';

/** On whose behalf all devices speak; the strangers of a flood know the name alone. */
export const BENCH_USER = {
  name: 'bench',
  auth: { protocol: 'SHA-256', password: 'an auth pass phrase' },
  privacy: { protocol: 'AES', password: 'a privacy pass phrase' },
} as const;

export const BENCH_COMMUNITY = 'public';

/** Of v3 each is an engine of its own. */
export const DEVICES = { v2c: 50, v3: 1000 } as const;

export type BenchVersion = keyof typeof DEVICES;

/** Notifications of all kinds, numbered from 0. */
export function benchLoad(version: BenchVersion): TrapLoadOptions {
  const common = { pdu: 'trap', devices: DEVICES[version] } as const;
  return version === 'v2c'
    ? { ...common, version: 2, community: BENCH_COMMUNITY }
    : { ...common, version: 3, user: BENCH_USER };
}

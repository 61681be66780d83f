import type { SettingPath } from '../config/findings.ts';
import type { Config } from '../config/schema.ts';
import type { SettingChange } from './setting-changes.ts';

/**
 * How a changed setting takes effect while the collector runs:
 *
 *   refused   the running collector is known by it: nothing of the file is taken as long as it is different
 *   waits     the rest of the file is taken, this is from the next start on
 *   now       the processes that read it are replaced by successors, one after the other
 */
export type Effect = 'refused' | 'waits' | 'now';

/** Processes beside the keeper. */
export type Replaced = 'workers' | 'console' | 'maintenance';

const REFUSED = ['stateDirectory', 'node.name', 'ha.pair'];
const WAITS = ['runAs', 'workers', 'journal.directory', 'database', 'snmp.engineId', 'ha'];
const NOW = ['ha.virtualAddresses'];
/** Settings that some processes alone read; all others are read by all. */
const READERS: Readonly<Record<string, readonly Replaced[]>> = {
  http: ['console'],
  retention: ['maintenance'],
  notify: ['console', 'maintenance'],
  // The keeper itself.
  alarms: [],
};

export function effectOf(change: SettingChange): Effect {
  // A pair is not made, or taken apart, while it runs.
  if (change.path.length === 1 && change.path[0] === 'ha') return 'refused';
  if (startsWithOne(change.path, REFUSED)) return 'refused';
  if (startsWithOne(change.path, NOW)) return 'now';
  return startsWithOne(change.path, WAITS) ? 'waits' : 'now';
}

/** Which processes need a successor for these changes. */
export function readersOf(changes: readonly SettingChange[]): ReadonlySet<Replaced> {
  const all: readonly Replaced[] = ['workers', 'console', 'maintenance'];
  return new Set(changes.flatMap((change) => (isNetmaskAlone(change) ? [] : (READERS[String(change.path[0])] ?? all))));
}

/** The settings of `wanted`, but those that wait for the next start as they are in `running`. */
export function withWaiting(running: Config, wanted: Config): Config {
  const { runAs, workers, database, node, stateDirectory } = running;
  const journal = { ...wanted.journal, directory: running.journal.directory };
  const snmp = { ...wanted.snmp, engineId: running.snmp.engineId };
  const { virtualAddresses } = wanted.ha ?? running.ha ?? {};
  const ha = running.ha === undefined ? {} : { ha: { ...running.ha, ...(virtualAddresses && { virtualAddresses }) } };
  return { ...wanted, node, stateDirectory, runAs, workers, database, journal, snmp, ...ha };
}

/** The same virtual address with another prefix length: listeners are bound to it as before. */
function isNetmaskAlone({ path, from, to }: SettingChange): boolean {
  const isAddress = path[0] === 'ha' && typeof from === 'string' && typeof to === 'string';
  return isAddress && from.split('/')[0] === to.split('/')[0];
}

function startsWithOne(path: SettingPath, starts: readonly string[]): boolean {
  const keys = path.join('.');
  return starts.some((start) => keys === start || keys.startsWith(`${start}.`));
}

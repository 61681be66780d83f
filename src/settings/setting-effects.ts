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
const WAITS = ['runAs', 'workers', 'journal.directory', 'database', 'snmp.engineId', 'ha', 'alarms'];
/** Settings that some processes alone read; all others are read by all. */
const READERS: Readonly<Record<string, readonly Replaced[]>> = {
  http: ['console'],
  retention: ['maintenance'],
  notify: ['console', 'maintenance'],
};

export function effectOf(change: SettingChange): Effect {
  // A pair is not made, or taken apart, while it runs.
  if (change.path.length === 1 && change.path[0] === 'ha') return 'refused';
  if (startsWithOne(change.path, REFUSED)) return 'refused';
  return startsWithOne(change.path, WAITS) ? 'waits' : 'now';
}

/** Which processes need a successor for these changes. */
export function readersOf(changes: readonly SettingChange[]): ReadonlySet<Replaced> {
  const all: readonly Replaced[] = ['workers', 'console', 'maintenance'];
  return new Set(changes.flatMap(({ path }) => READERS[String(path[0])] ?? all));
}

/** The settings of `wanted`, but those that wait for the next start as they are in `running`. */
export function withWaiting(running: Config, wanted: Config): Config {
  const { runAs, workers, database, alarms, node, stateDirectory } = running;
  const journal = { ...wanted.journal, directory: running.journal.directory };
  const snmp = { ...wanted.snmp, engineId: running.snmp.engineId };
  const ha = running.ha === undefined ? {} : { ha: running.ha };
  return { ...wanted, node, stateDirectory, runAs, workers, database, alarms, journal, snmp, ...ha };
}

function startsWithOne(path: SettingPath, starts: readonly string[]): boolean {
  const keys = path.join('.');
  return starts.some((start) => keys === start || keys.startsWith(`${start}.`));
}

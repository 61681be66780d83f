import { hash } from 'node:crypto';
import type { Config } from '../config/schema.ts';

/** What belongs to a node alone: where it is, where it keeps things, how it speaks with its operator. */
const OWN: ReadonlySet<string> = new Set(['node', 'stateDirectory', 'runAs', 'log', 'http', 'workers']);
const OWN_OF_PAIR: ReadonlySet<string> = new Set(['address', 'port', 'peer', 'interface', 'secretFile', 'neighbours']);

/** The settings that both nodes of a pair have to have alike. */
export function sharedSettings(config: Config): Readonly<Record<string, unknown>> {
  const shared = without(config, OWN);
  const ha = config.ha === undefined ? {} : { ha: without(config.ha, OWN_OF_PAIR) };
  return { ...shared, ...ha, journal: without(config.journal, new Set(['directory'])) };
}

/** SHA-256 of them, in hexadecimal. What lies in the state directory is compared by its place in there. */
export function settingsDigest(config: Config): string {
  const here = `${config.stateDirectory}/`;
  const relative = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(here) ? `<state>/${value.slice(here.length)}` : value;
  return hash('sha256', JSON.stringify(sorted(sharedSettings(config)), relative));
}

function without(group: object, keys: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(group).filter(([key]) => !keys.has(key)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, below]) => [key, sorted(below)]));
}

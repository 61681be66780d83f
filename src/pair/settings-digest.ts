import { hash } from 'node:crypto';
import type { SettingPath } from '../config/findings.ts';
import { maskSecrets } from '../config/mask.ts';
import { isOwnSetting } from '../config/own-settings.ts';
import type { Config } from '../config/schema.ts';

/** The settings that both nodes of a pair have to have alike. */
export function sharedSettings(config: Config): Readonly<Record<string, unknown>> {
  return sharedPart(config, []);
}

/**
 * SHA-256 of them, in hexadecimal. Secrets do not count: each node may have them from files and an environment of its own. What lies in
 * the state directory is compared by its place in there.
 */
export function settingsDigest(config: Config): string {
  const here = `${config.stateDirectory}/`;
  const relative = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(here) ? `<state>/${value.slice(here.length)}` : value;
  return hash('sha256', JSON.stringify(sorted(sharedSettings(maskSecrets(config))), relative));
}

function sharedPart(group: object, path: SettingPath): Record<string, unknown> {
  const kept = Object.entries(group)
    .map(([key, value]: [string, unknown]) => ({ key, value, at: [...path, key] }))
    .filter(({ at }) => !isOwnSetting(at));
  return Object.fromEntries(kept.map(({ key, value, at }) => [key, isGroup(value) ? sharedPart(value, at) : value]));
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, below]) => [key, sorted(below)]));
}

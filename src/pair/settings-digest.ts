import { hash } from 'node:crypto';
import { pathText, type SettingPath } from '../config/findings.ts';
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
  return hash('sha256', comparable(config, sharedSettings(maskSecrets(config))));
}

/** The same for each of them, by its path, so that two nodes can tell which differ without a word about the values; lists are one setting. */
export function settingDigests(config: Config): Readonly<Record<string, string>> {
  const settings = [...leaves(sharedSettings(maskSecrets(config)), [])];
  return Object.fromEntries(
    settings.map(([path, value]) => [pathText(path), hash('sha256', comparable(config, value))]),
  );
}

/** As text, the same on both nodes. */
function comparable({ stateDirectory }: Config, value: unknown): string {
  const here = `${stateDirectory}/`;
  const relative = (_key: string, each: unknown): unknown =>
    typeof each === 'string' && each.startsWith(here) ? `<state>/${each.slice(here.length)}` : each;
  return JSON.stringify(sorted(value), relative) ?? '';
}

function* leaves(group: object, path: SettingPath): Generator<readonly [SettingPath, unknown]> {
  for (const [key, value] of Object.entries(group)) {
    if (isGroup(value)) yield* leaves(value, [...path, key]);
    else yield [[...path, key], value];
  }
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

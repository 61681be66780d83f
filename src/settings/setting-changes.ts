import { pathText, type SettingPath } from '../config/findings.ts';
import { maskSecrets } from '../config/mask.ts';
import type { Config } from '../config/schema.ts';

/** A setting that is another than before. */
export interface SettingChange {
  readonly path: SettingPath;
  /** As they may be shown, secrets masked; undefined: there is none. Durations in milliseconds, sizes in bytes. */
  readonly from: unknown;
  readonly to: unknown;
}

/** What is different, setting by setting, in the order of the schema; lists of one length entry by entry. */
export function changesBetween(before: Config, after: Config): SettingChange[] {
  const masked = [maskSecrets(before), maskSecrets(after)] as const;
  const shown = (side: 0 | 1, path: SettingPath): unknown =>
    path.reduce<unknown>((at, step) => (isGroup(at) ? Reflect.get(at, step) : undefined), masked[side]);
  return [...differing(before, after, [])].map((path) => ({ path, from: shown(0, path), to: shown(1, path) }));
}

/** `retention.flows: 604800000 → 1209600000`. */
export function changeText({ path, from, to }: SettingChange): string {
  return `${pathText(path)}: ${valueText(from)} → ${valueText(to)}`;
}

/** As JSON; `nothing` where there is no value. */
export function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** Where two values are different, as deep as both are groups or lists of one kind. */
export function* differing(before: unknown, after: unknown, path: SettingPath): Generator<SettingPath> {
  if (!isGroup(before) || !isGroup(after) || Array.isArray(before) !== Array.isArray(after)) {
    if (before !== after) yield path;
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1)
      yield* differing(before[index], after[index], [...path, index]);
    return;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    yield* differing(Reflect.get(before, key), Reflect.get(after, key), [...path, key]);
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

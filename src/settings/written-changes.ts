import { parseSettings } from '../config/document.ts';
import { pathText } from '../config/findings.ts';
import { differing, valueText } from './setting-changes.ts';

/** A setting that is written otherwise in two texts. */
export interface WrittenChange {
  /** Such as `retention.flows`. */
  readonly setting: string;
  /** As it is written, in JSON; undefined: it is not. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** What is different between two texts of settings, in the order of the first; neither is checked, or completed with defaults. */
export function writtenChanges(before: string, after: string): WrittenChange[] {
  const [one, other] = [parseSettings(before), parseSettings(after)];
  const at = (from: unknown, path: readonly (string | number)[]): string | undefined => {
    const value = path.reduce<unknown>(
      (group, step) => (typeof group === 'object' && group !== null ? Reflect.get(group, step) : undefined),
      from,
    );
    return value === undefined ? undefined : valueText(value);
  };
  return [...differing(one, other, [])].map((path) => ({
    setting: pathText(path),
    from: at(one, path),
    to: at(other, path),
  }));
}

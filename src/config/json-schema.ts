import { z } from 'zod';
import { configSchema, type Machine } from './schema.ts';

/** The part of JSON Schema that the settings' schema comes out as. */
export interface SettingSchema {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  /** What its absence means, of a setting whose default depends on others. */
  readonly absent?: unknown;
  readonly enum?: readonly unknown[];
  /** What may stand here, in words, bounds included: of values that JSON Schema has no type for. */
  readonly kind?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly items?: SettingSchema;
  readonly propertyNames?: SettingSchema;
  readonly additionalProperties?: boolean | SettingSchema;
  readonly anyOf?: readonly SettingSchema[];
}

/** JSON Schema (draft 2020-12) of a configuration file as people write it. */
export function configJsonSchema(machine: Machine): SettingSchema {
  const schema: object = z.toJSONSchema(configSchema(machine), { io: 'input' });
  return { title: 'Dogwatch configuration', ...schema };
}

/** The schema of one setting; undefined where the path leads nowhere. */
export function settingAt(root: SettingSchema, path: readonly (string | number)[]): SettingSchema | undefined {
  let at: SettingSchema | undefined = root;
  for (const step of path) at = typeof step === 'number' ? at?.items : at?.properties?.[step];
  return at;
}

/** Every setting that is no group of others, with its path. Lists are settings as a whole. */
export function* leafSettings(
  root: SettingSchema,
  above: readonly string[] = [],
): Generator<{ readonly path: readonly string[]; readonly setting: SettingSchema }> {
  for (const [key, setting] of Object.entries(root.properties ?? {})) {
    const path = [...above, key];
    if (setting.properties === undefined) yield { path, setting };
    else yield* leafSettings(setting, path);
  }
}

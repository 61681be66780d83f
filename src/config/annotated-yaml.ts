import type { Rate } from '../../collectors/syslog/filter/rule-settings.ts';
import { toYaml } from './document.ts';
import type { SettingPath } from './findings.ts';
import { configJsonSchema, settingAt, type SettingSchema } from './json-schema.ts';
import type { ConfigSources } from './load.ts';
import type { Config } from './schema.ts';
import { formatRate } from './schema/texts.ts';
import { formatDuration, formatSize } from './units.ts';

/**
 * The configuration as a YAML file that could be loaded again: each setting with what it is for, and with where its value
 * comes from unless that is the default.
 */
export function annotatedYaml(config: Config, sources: ConfigSources): string {
  const { name: hostname } = config.node;
  const schema = configJsonSchema({ hostname, stateDirectory: config.stateDirectory, privilegedPorts: false });
  const heading = `# Configuration in effect${sources.file === undefined ? ', without a file' : `, from ${sources.file}`}.\n`;
  return heading + group(config, schema, [], sources);
}

function group(values: object, schema: SettingSchema, path: SettingPath, sources: ConfigSources): string {
  const indent = '  '.repeat(path.length);
  const lines = Object.entries(schema.properties ?? {}).flatMap(([key, setting]) => {
    const value: unknown = Reflect.get(values, key);
    const here = [...path, key];
    const purpose = setting.description === undefined ? [] : [`${indent}# ${setting.description}\n`];
    if (value === undefined) return [...purpose, `${indent}# ${key}:\n`];
    if (setting.properties !== undefined && typeof value === 'object' && value !== null) {
      const below = group(value, setting, here, sources);
      // A key with nothing but comments below it would be null.
      const mark = /^\s*[^\s#]/m.test(below) ? '' : '# ';
      return ['\n', ...purpose, `${indent}${mark}${key}:\n`, below];
    }
    return [...purpose, leaf(key, readable(value, setting), indent, sources.of(here))];
  });
  return lines.join('');
}

function leaf(key: string, value: unknown, indent: string, source: string | undefined): string {
  const [first = '', ...more] = toYaml({ [key]: value })
    .trimEnd()
    .split('\n');
  const origin = source === undefined ? '' : `  # ${source}`;
  return [first + origin, ...more].map((line) => `${indent}${line}\n`).join('');
}

/** Durations, sizes and rates back into the form in which people write them; inside lists, too. */
function readable(value: unknown, setting: SettingSchema): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => readable(item, setting.items ?? {}));
  if (setting.kind?.startsWith('rate') === true) return isRate(value) ? formatRate(value) : value;
  if (typeof value === 'object' && value !== null && setting.properties !== undefined) {
    const entries = Object.entries(value).filter(([, below]) => below !== undefined);
    return Object.fromEntries(
      entries.map(([key, below]) => [key, readable(below, settingAt(setting, [key]) ?? {})] as const),
    );
  }
  if (typeof value !== 'number') return value;
  if (setting.kind?.startsWith('duration') === true) return formatDuration(value);
  return setting.kind?.startsWith('size') === true ? formatSize(value) : value;
}

function isRate(value: unknown): value is Rate {
  return typeof value === 'object' && value !== null && 'messages' in value && 'perMs' in value;
}

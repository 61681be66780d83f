import { variableOf } from './environment.ts';
import type { SettingSchema } from './json-schema.ts';

/**
 * The part of `docs/configuration.md` that lists the settings, made from their schema: a table for each group, with type,
 * bounds, default and purpose of each setting. Ends with a newline.
 */
export function settingsReference(schema: SettingSchema): string {
  const groups: string[] = [];
  describeGroup(schema, [], false, groups);
  return groups.join('\n');
}

const BEGIN =
  '<!-- settings: begin; made from src/config/schema.ts, renew with: npx dogwatch config --reference THIS_FILE -->';
const END = '<!-- settings: end -->';

/**
 * A Markdown document with this reference between its two marks, in place of what stood there.
 * @returns undefined where the document has no marks
 */
export function withSettingsReference(document: string, reference: string): string | undefined {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END, begin);
  if (begin < 0 || end < 0) return undefined;
  return `${document.slice(0, begin)}${BEGIN}\n\n${reference}\n${document.slice(end)}`;
}

/** Adds the table of the settings directly below `path`, then those of the groups below it. */
function describeGroup(group: SettingSchema, path: readonly string[], inList: boolean, groups: string[]): void {
  const entries = Object.entries(group.properties ?? {});
  const isGroup = ([, setting]: readonly [string, SettingSchema]) => setting.properties !== undefined;
  const leaves = entries.filter((entry) => !isGroup(entry));
  if (leaves.length > 0) {
    const title = path.length === 0 ? '### Top level' : `### \`${path.join('.')}\``;
    const purpose = path.length === 0 || group.description === undefined ? [] : [group.description, ''];
    const rows = leaves.map(([name, setting]) => row(name, setting, [...path, name], group, inList));
    groups.push([title, '', ...purpose, ...HEADING, ...rows, ''].join('\n'));
  }
  for (const [name, setting] of leaves) {
    if (setting.items?.properties === undefined) continue;
    const purpose = `One entry of \`${[...path, name].join('.')}\`: ${setting.description ?? ''}`;
    describeGroup({ ...setting.items, description: purpose }, [...path, `${name}[]`], true, groups);
  }
  for (const [name, setting] of entries.filter(isGroup)) describeGroup(setting, [...path, name], inList, groups);
}

const HEADING = ['| setting | type and bounds | default | meaning |', '|---|---|---|---|'];

function row(
  name: string,
  setting: SettingSchema,
  path: readonly string[],
  group: SettingSchema,
  inList: boolean,
): string {
  // An entry of a list has no variable of its own; the list has one.
  const variable = inList ? '' : `<br>\`${variableOf(path)}\``;
  const purpose = `${setting.description ?? ''}${variable}`;
  const required = group.required?.includes(name) === true;
  return `| \`${name}\` | ${cell(typeOf(setting))} | ${cell(defaultOf(setting, required))} | ${cell(purpose)} |`;
}

function typeOf(setting: SettingSchema): string {
  const { kind, enum: values, items, additionalProperties: below, minimum, maximum } = setting;
  if (kind !== undefined) return kind;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (items !== undefined) return items.properties === undefined ? `list: ${typeOf(items)}` : 'list of entries, below';
  if (typeof below === 'object') return `map: ${typeOf(setting.propertyNames ?? {})} → ${typeOf(below)}`;
  if (setting.anyOf !== undefined) return setting.anyOf.map(typeOf).join(', ');
  if (minimum !== undefined && maximum !== undefined) return `whole number, ${minimum} to ${maximum}`;
  const types = [setting.type ?? 'text'].flat();
  return types.map((type) => (type === 'string' ? 'text' : type)).join(', ');
}

function defaultOf(setting: SettingSchema, required: boolean): string {
  if (required) return '(required)';
  const value = setting.default ?? setting.absent;
  if (value === undefined) return '(none)';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Text as a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

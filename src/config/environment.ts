import { parseValue } from './document.ts';
import type { Finding } from './findings.ts';
import { leafSettings, type SettingSchema } from './json-schema.ts';
import { nearest } from './suggest.ts';

const PREFIX = 'DOGWATCH_';

/** Names the file instead of a setting. */
export const CONFIG_VARIABLE = 'DOGWATCH_CONFIG';

// Kubernetes gives every container variables of this form when a service is called "dogwatch"; they mean nothing to us.
const FROM_KUBERNETES = /^DOGWATCH_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT|PORT_\d+_(TCP|UDP)(_.*)?)$/;

/** A setting given by an environment variable. */
export interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** `['database', 'passwordFile']` → `DOGWATCH_DATABASE__PASSWORD_FILE`. */
export function variableOf(path: readonly string[]): string {
  const levels = path.map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return PREFIX + levels.join('__');
}

/**
 * The settings that the environment gives: `DOGWATCH_`, then the path in capitals, `__` between levels and `_` between
 * words. Values are read as YAML; a list of texts may be written with commas alone. Empty variables count as unset.
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  schema: SettingSchema,
): { overrides: Override[]; findings: Finding[] } {
  const known = new Map([...leafSettings(schema)].map((leaf) => [variableOf(leaf.path), leaf]));
  const overrides: Override[] = [];
  const findings: Finding[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_VARIABLE || FROM_KUBERNETES.test(variable)) continue;
    if (text === undefined || text === '') continue;
    const leaf = known.get(variable);
    if (leaf === undefined) findings.push(unknownVariable(variable, known.keys()));
    else overrides.push({ variable, path: leaf.path, value: readValue(text, leaf.setting) });
  }
  return { overrides, findings };
}

function readValue(text: string, setting: SettingSchema): unknown {
  if (setting.type === 'string') return text;
  const commas = setting.items?.type === 'string' && !text.trimStart().startsWith('[');
  return commas ? text.split(',').map((item) => item.trim()) : parseValue(text);
}

function unknownVariable(variable: string, known: Iterable<string>): Finding {
  return {
    path: '',
    message: 'no setting has this environment variable',
    found: undefined,
    suggestion: nearest(variable, known),
    source: variable,
  };
}

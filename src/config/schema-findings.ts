import { z } from 'zod';
import { MASK, maskUrl } from './mask.ts';
import { pathText, type Finding, type SettingPath } from './findings.ts';
import { settingAt, type SettingSchema } from './json-schema.ts';
import { nearest } from './suggest.ts';

type Issue = z.core.$ZodIssue;
type Located = Omit<Finding, 'source'> & { readonly at: SettingPath };

/** What zod refused, in our words. `at` is where it stands in `input`. */
export function findingsOfIssues(issues: readonly Issue[], input: unknown, schema: SettingSchema): Located[] {
  return issues.flatMap((issue) => findingsOf(issue, input, schema));
}

function findingsOf(issue: Issue, input: unknown, schema: SettingSchema): Located[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(settingAt(schema, path)?.properties ?? {});
    return issue.keys.map((key) => unknownSetting([...path, key], known));
  }
  const found = valueAt(input, path);
  if (found === undefined) return [located(path, missingMessage(issue), undefined, undefined)];
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    return [located(path, message, JSON.stringify(path.at(-1)), undefined)];
  }
  return [located(path, messageOf(issue), shown(path, found), meant(issue, found))];
}

function located(at: SettingPath, message: string, found: string | undefined, suggestion: string | undefined): Located {
  return { at, path: pathText(at), message, found, suggestion };
}

function unknownSetting(path: SettingPath, known: readonly string[]): Located {
  const suggestion = nearest(String(path.at(-1)), known);
  const allowed = suggestion === undefined && known.length > 0 ? ` (allowed here: ${known.join(', ')})` : '';
  return located(path, `no such setting${allowed}`, undefined, suggestion);
}

function missingMessage(issue: Issue): string {
  return `missing; ${messageOf(issue)}`;
}

function messageOf(issue: Issue): string {
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) return expectedType(issue.expected);
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.message.startsWith('Too small')) {
    return 'expected a text that is not empty';
  }
  return issue.message;
}

function expectedType(type: string): string {
  const words: Record<string, string> = {
    object: 'settings below it',
    record: 'settings below it',
    array: 'a list',
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
  };
  return `expected ${words[type] ?? type}`;
}

function meant(issue: Issue, found: unknown): string | undefined {
  return issue.code === 'invalid_value' && typeof found === 'string'
    ? nearest(found, issue.values.map(String))
    : undefined;
}

/** The value at a path of the input; undefined where there is none. */
export function valueAt(input: unknown, path: SettingPath): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    const below: unknown = Reflect.get(value, step);
    value = below;
  }
  return value;
}

const LONGEST_SHOWN = 60;

function shown(path: SettingPath, found: unknown): string {
  const name = pathText(path);
  if (/^(?:database|redis|notify\.email)\.password$|^notify\.webhooks\[/.test(name)) return MASK;
  const isUrl = /^(?:database|redis)\.url$/.test(name) && typeof found === 'string';
  const text = JSON.stringify(isUrl ? maskUrl(found) : found) ?? 'nothing';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

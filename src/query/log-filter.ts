import { isPrefix } from '../config/values.ts';
import type { Conditions } from './conditions.ts';
import type { FilterField } from './flow-filter.ts';
import { parseList, usage } from './filter-values.ts';
import { parseFacility, parseSeverities, SEVERITY_NAMES } from './severities.ts';

/** Longer words and patterns are no question that anybody has, and cost the database. */
const MAX_TEXT = 1000;

/** A way to choose messages that takes no value. */
export interface FilterFlag {
  readonly name: string;
  readonly summary: string;
  readonly apply: (conditions: Conditions) => void;
}

/**
 * Everything that messages can be chosen by. Where an index serves a condition, the condition has the index's expression
 * (storage/database/text-search/search-indexes.ts).
 */
export const LOG_FILTER_FIELDS: readonly FilterField[] = [
  field('severity', 'list', 'warning, 4, warning+ (and worse), err..crit, none', requireSeverity),
  field('facility', 'list', 'kern, daemon, auth, local0, … or numbers, none', requireFacility),
  field('device', 'list', 'sender, as addresses, prefixes or host names', requireDevice),
  nameField('host', 'name in the message; sw-1 is also sw-1.example.net', 'hostname', true),
  nameField('app', 'program or tag, sshd or post*', 'app_name', false),
  nameField('vendor', 'maker, cisco, juniper, …', 'vendor', false),
  nameField('mnemonic', "the maker's code, SYS-5-CONFIG_I or SYS-*", 'mnemonic', false),
  field('match', 'text', 'the text has this in it, in upper or lower case', requireText),
  field('word', 'word', 'the text has this as a whole word', requireWord),
  field('regex', 'pattern', "the text matches (PostgreSQL's syntax, any case)", requireRegex),
  field('field', 'name[=value]', 'key of the message, present or with this value', requireField),
  field('tag', 'list', 'tag that a rule gave', requireTag),
  field('reason', 'text', 'could not be read, for a reason with this in it', requireReason),
];

/** Those that are given or not. */
export const LOG_FILTER_FLAGS: readonly FilterFlag[] = [
  {
    name: 'unparsed',
    summary: 'only what could not be read, or not all of it',
    apply: (conditions) => conditions.require('reason IS NOT NULL'),
  },
];

function field(
  name: string,
  value: string,
  summary: string,
  require: (conditions: Conditions, words: string) => void,
): FilterField {
  return {
    name,
    value,
    summary,
    apply: (conditions, words) => {
      if (words.includes('\0')) throw usage(name, words.replaceAll('\0', '\\0'), 'has a NUL', 'Leave it out');
      if (words.length <= MAX_TEXT) return require(conditions, words);
      throw usage(name, `${words.slice(0, 20)}…`, 'is too long', `Write at most ${MAX_TEXT} characters`);
    },
  };
}

/** Names with `*` for anything, in any case; `none` for messages that have none. `domain`: also with a domain behind. */
function nameField(name: string, summary: string, column: string, domain: boolean): FilterField {
  return field(name, 'list', summary, (conditions, words) => {
    conditions.require(
      parseList(name, words)
        .map((part) => (part === 'none' ? `${column} IS NULL` : nameClause(conditions, column, part, domain)))
        .join(' OR '),
    );
  });
}

/** The database puts the name into lower case, too: what that is depends on its locale. */
function nameClause(conditions: Conditions, column: string, name: string, domain: boolean): string {
  const like = (pattern: string) => `lower(${column}) LIKE lower(${conditions.bind(pattern)}::text)`;
  if (name.includes('*')) return like(globPattern(name));
  const equal = `lower(${column}) = lower(${conditions.bind(name)}::text)`;
  return domain && !name.includes('.') ? `${equal} OR ${like(`${likeLiteral(name)}.%`)}` : equal;
}

function requireSeverity(conditions: Conditions, words: string): void {
  const { numbers, none } = parseSeverities('severity', words);
  const worst = numbers.at(-1) ?? -1;
  const clauses = none ? ['severity IS NULL'] : [];
  // As a comparison where it is one: the index on severe messages is taken for that.
  if (numbers.length === worst + 1 && worst >= 0 && worst < SEVERITY_NAMES.length - 1)
    clauses.push(`severity <= ${conditions.bind(worst)}::int2`);
  else clauses.push(`severity = ANY(${conditions.bind(numbers)}::int2[])`);
  conditions.require(clauses.join(' OR '));
}

function requireFacility(conditions: Conditions, words: string): void {
  const parts = parseList('facility', words);
  const numbers = parts.filter((part) => part !== 'none').map((part) => parseFacility('facility', part));
  const clauses = parts.includes('none') ? ['facility IS NULL'] : [];
  if (numbers.length > 0) clauses.push(`facility = ANY(${conditions.bind(numbers)}::int2[])`);
  conditions.require(clauses.join(' OR '));
}

/** What looks like an address but is none is an error, and not the name of a host. */
function requireDevice(conditions: Conditions, words: string): void {
  const clauses = parseList('device', words).map((part) => {
    if (isPrefix(part) && !part.includes('%')) return deviceClause(conditions, part);
    if (/^[\d./]+$|:/.test(part)) {
      const remedy = 'Write it as 192.0.2.1, 192.0.2.0/24, 2001:db8::1, 2001:db8::/32, or the name of a host';
      throw usage('device', part, 'is no address or prefix', remedy);
    }
    return nameClause(conditions, 'hostname', part, true);
  });
  conditions.require(clauses.join(' OR '));
}

// An index finds equals, and what is within one prefix, but not `<<= ANY`.
function deviceClause(conditions: Conditions, part: string): string {
  return `device ${part.includes('/') ? '<<=' : '='} ${conditions.bind(part)}::inet`;
}

function requireText(conditions: Conditions, words: string): void {
  if (words === '') throw usage('match', words, 'is nothing to look for', 'Write a part of the text');
  conditions.require(`message ILIKE ${conditions.bind(`%${likeLiteral(words)}%`)}::text`);
}

function requireWord(conditions: Conditions, words: string): void {
  if (words.trim() === '') throw usage('word', words, 'is no word', 'Write one');
  conditions.require(`message ~* ${conditions.bind(`(?<!\\w)${regexLiteral(words.trim())}(?!\\w)`)}::text`);
}

function requireRegex(conditions: Conditions, words: string): void {
  if (words === '') throw usage('regex', words, 'is no pattern', 'Write a regular expression');
  conditions.require(`message ~* ${conditions.bind(words)}::text`);
}

/** Looked for in `fields`, and in every element of the structured data. */
function requireField(conditions: Conditions, words: string): void {
  const [, name = '', value] = /^([^=]+)(?:=(.*))?$/s.exec(words) ?? [];
  if (name === '') throw usage('field', words, 'names no key', 'Write it as srcip=192.0.2.1 or srcip');
  const key = `${conditions.bind(name)}::text`;
  const holds = (json: string) => (value === undefined ? `${json} ? ${key}` : `${json} ->> ${key} = ${wanted}`);
  const wanted = value === undefined ? '' : `${conditions.bind(value)}::text`;
  conditions.require(
    `${holds('fields')} OR EXISTS (SELECT FROM jsonb_each(structured_data) AS element (id, pairs) WHERE ${holds('pairs')})`,
  );
}

function requireTag(conditions: Conditions, words: string): void {
  conditions.require(`tags && ${conditions.bind(parseList('tag', words))}::text[]`);
}

function requireReason(conditions: Conditions, words: string): void {
  conditions.require(`reason IS NOT NULL AND reason ILIKE ${conditions.bind(`%${likeLiteral(words)}%`)}::text`);
}

/** `text` as a pattern of LIKE that means itself. */
function likeLiteral(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

function globPattern(glob: string): string {
  return glob.split('*').map(likeLiteral).join('%');
}

/** `text` as a regular expression that means itself: a backslash before a letter or digit would mean something. */
function regexLiteral(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\s_]/gu, '\\$&');
}

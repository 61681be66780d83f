import { isPrefix } from '../../config/values.ts';
import type { Conditions } from '../conditions.ts';
import type { FilterField } from '../flows/flow-filter.ts';
import { parseList, usage } from '../filter-values.ts';
import { addressClause, field, likeLiteral, likeOperator, nameClause, nameField } from '../records/filter-words.ts';
import type { FilterFlag } from '../records/record-table.ts';
import { parseFacility, parseSeverities, SEVERITY_NAMES } from './severities.ts';

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
    if (isPrefix(part) && !part.includes('%')) return addressClause(conditions, 'device', part);
    if (/^[\d./]+$|:/.test(part)) {
      const remedy = 'Write it as 192.0.2.1, 192.0.2.0/24, 2001:db8::1, 2001:db8::/32, or the name of a host';
      throw usage('device', part, 'is no address or prefix', remedy);
    }
    return nameClause(conditions, 'hostname', part, true);
  });
  conditions.require(clauses.join(' OR '));
}

function requireText(conditions: Conditions, words: string): void {
  if (words === '') throw usage('match', words, 'is nothing to look for', 'Write a part of the text');
  conditions.require(textClause(conditions, words));
}

function requireWord(conditions: Conditions, words: string): void {
  if (words.trim() === '') throw usage('word', words, 'is no word', 'Write one');
  const word = words.trim();
  // Where the word is not at all, to look for it as a word is not needed; and an index is asked for less.
  conditions.require(textClause(conditions, word));
  conditions.require(`message ~* ${conditions.bind(`(?<!\\w)${regexLiteral(word)}(?!\\w)`)}::text`);
}

function textClause(conditions: Conditions, part: string): string {
  return `message ${likeOperator(part)} ${conditions.bind(`%${likeLiteral(part)}%`)}::text`;
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

/** `text` as a regular expression that means itself: a backslash before a letter or digit would mean something. */
function regexLiteral(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\s_]/gu, '\\$&');
}

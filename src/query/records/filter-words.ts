import type { Conditions } from '../conditions.ts';
import { parseList, usage } from '../filter-values.ts';
import type { FilterField } from '../flows/flow-filter.ts';

/** Longer words and patterns are no question that anybody has, and cost the database. */
const MAX_TEXT = 1000;

/** A way to choose records by words that somebody wrote, which are checked before they are applied. */
export function field(
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

/** Names with `*` for anything, in any case; `none` for records that have none. `domain`: also with a domain behind. */
export function nameField(name: string, summary: string, column: string, domain: boolean): FilterField {
  return field(name, 'list', summary, (conditions, words) => {
    conditions.require(
      parseList(name, words)
        .map((part) => (part === 'none' ? `${column} IS NULL` : nameClause(conditions, column, part, domain)))
        .join(' OR '),
    );
  });
}

/** A name with `*`, or as it is. The database puts the name into lower case, too: what that is depends on its locale. */
export function nameClause(conditions: Conditions, column: string, name: string, domain: boolean): string {
  const like = (pattern: string) => `lower(${column}) LIKE lower(${conditions.bind(pattern)}::text)`;
  if (name.includes('*')) return like(globPattern(name));
  const equal = `lower(${column}) = lower(${conditions.bind(name)}::text)`;
  return domain && !name.includes('.') ? `${equal} OR ${like(`${likeLiteral(name)}.%`)}` : equal;
}

/** Equal to an address, or within a prefix: an index finds that, but not `<<= ANY`. */
export function addressClause(conditions: Conditions, column: string, part: string): string {
  const holder = `${conditions.bind(part)}::inet`;
  if (part.includes('/')) return `${column} <<= ${holder}`;
  // Not `=`: PostgreSQL looks at equalities with a constant after all other conditions of a row, and text is the dearest of them.
  return `${column} BETWEEN ${holder} AND ${holder}`;
}

/** The operator that finds a part of a text in upper and lower case; that of one without letters costs a fraction to look at. */
export function likeOperator(text: string): 'LIKE' | 'ILIKE' {
  return /\p{L}/u.test(text) ? 'ILIKE' : 'LIKE';
}

/** `text` as a pattern of LIKE that means itself. */
export function likeLiteral(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

/** A pattern of LIKE for a name with `*`. */
export function globPattern(glob: string): string {
  return glob.split('*').map(likeLiteral).join('%');
}

import { isPrefix } from '../../config/values.ts';
import type { Conditions } from '../conditions.ts';
import type { FilterField } from '../flows/flow-filter.ts';
import { parseList, usage } from '../filter-values.ts';
import { addressClause, field, globPattern, likeLiteral, nameField } from '../records/filter-words.ts';

/** Who knows OIDs by their names, today. */
export interface OidsByName {
  /** OIDs of notifications that are called so: `linkDown`, `IF-MIB::link*`, in any case; none where nothing is. */
  notifications(name: string): readonly string[];
  /** Of objects alike, `ifOperStatus`, and with the index of an instance, `ifOperStatus.3`. */
  objects(name: string): readonly string[];
}

export const NO_NAMES: OidsByName = { notifications: () => [], objects: () => [] };

/**
 * Names and values of a trap as one text, which an index of closed partitions serves where it stands as it is here
 * (storage/database/text-search/search-indexes.ts).
 */
const TRAP_TEXT = `(coalesce(trap_name, '') || ' ' || varbinds::text)`;

const PDUS: Readonly<Record<string, string>> = { trap: 't', inform: 'i', undecodable: 'u' };
const LEVELS: Readonly<Record<string, string>> = { noauthnopriv: 'n', authnopriv: 'a', authpriv: 'p' };
const VERSIONS: Readonly<Record<string, number>> = { '1': 1, '2c': 2, '2': 2, '3': 3 };
const OID = /^\.?\d+(?:\.\d+)*$/;

/** Everything that traps can be chosen by. */
export function trapFilterFields(names: OidsByName): readonly FilterField[] {
  return [
    field('trap', 'list', 'name, linkDown or bgp*, or OID with all below it', (conditions, words) =>
      requireTrap(conditions, words, names),
    ),
    field('device', 'list', 'sender, as addresses or prefixes', addresses('device', 'device')),
    field('agent', 'list', 'whom the trap is about, where it says so', addresses('agent', 'agent_address')),
    field('version', 'list', '1, 2c, 3', choice('version', 'version', 'int2', VERSIONS)),
    nameField('user', 'user of version 3, or the name given to a community', 'security_name', false),
    field('level', 'list', 'noAuthNoPriv, authNoPriv, authPriv', choice('level', 'security_level', '"char"', LEVELS)),
    field('pdu', 'list', 'trap, inform, undecodable', choice('pdu', 'pdu', '"char"', PDUS)),
    field('varbind', 'name[=value]', 'has this object, by name or OID, with this value', (conditions, words) =>
      requireVarbind(conditions, words, names),
    ),
    field('match', 'text', 'names or values have this in them, in upper or lower case', requireText),
    field('flag', 'list', 'what was out of the ordinary, such as boots-zero', (conditions, words) =>
      conditions.require(`flags && ${conditions.bind(parseList('flag', words))}::text[]`),
    ),
    field('reason', 'text', 'could not be decoded, for a reason with this in it', (conditions, words) =>
      conditions.require(`reason IS NOT NULL AND reason ILIKE ${conditions.bind(`%${likeLiteral(words)}%`)}::text`),
    ),
  ];
}

function addresses(option: string, column: string): FilterField['apply'] {
  return (conditions, words) => {
    const clauses = parseList(option, words).map((part) => {
      if (isPrefix(part) && !part.includes('%')) return addressClause(conditions, column, part);
      const remedy = 'Write it as 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32';
      throw usage(option, part, 'is no address or prefix', remedy);
    });
    conditions.require(clauses.join(' OR '));
  };
}

function choice(
  option: string,
  column: string,
  type: string,
  values: Readonly<Record<string, string | number>>,
): FilterField['apply'] {
  return (conditions, words) => {
    const chosen = parseList(option, words).map((part) => {
      const value = Object.hasOwn(values, part.toLowerCase()) ? values[part.toLowerCase()] : undefined;
      if (value !== undefined) return value;
      throw usage(option, part, 'is none of them', `Write ${Object.keys(values).join(', ')}`);
    });
    conditions.require(`${column} = ANY(${conditions.bind(chosen)}::${type}[])`);
  };
}

/** By OID where today's names know one; else by the name that it had on arrival. */
function requireTrap(conditions: Conditions, words: string, names: OidsByName): void {
  const clauses = parseList('trap', words).map((part) => {
    if (OID.test(part)) return oidClause(conditions, 'trap_oid', part.replace(/^\./, ''));
    const oids = names.notifications(part);
    if (oids.length > 0) return `trap_oid = ANY(${conditions.bind(oids)}::text[])`;
    return storedNameClause(conditions, 'trap_name', part);
  });
  conditions.require(clauses.join(' OR '));
}

/** At an OID and below it. */
function oidClause(conditions: Conditions, expression: string, oid: string): string {
  return `${expression} = ${conditions.bind(oid)}::text OR ${expression} LIKE ${conditions.bind(`${oid}.%`)}::text`;
}

/** `MODULE::name`, or the part behind the module. */
function storedNameClause(conditions: Conditions, expression: string, name: string): string {
  const like = (pattern: string) => `lower(${expression}) LIKE lower(${conditions.bind(pattern)}::text)`;
  return like(name.includes('::') ? globPattern(name) : `%::${globPattern(name)}`);
}

function requireVarbind(conditions: Conditions, words: string, names: OidsByName): void {
  const [, name = '', value] = /^([^=]+)(?:=(.*))?$/s.exec(words) ?? [];
  if (name.trim() === '')
    throw usage('varbind', words, 'names no object', 'Write it as ifIndex=3, ifOperStatus.3=down or ifDescr');
  const clauses = [objectClause(conditions, name.trim(), names)];
  if (value !== undefined) {
    clauses.push(valueClause(conditions, value));
    // What an index can answer; the rest is looked at row by row.
    if (!value.includes('*')) conditions.require(textClause(conditions, value));
  }
  conditions.require(
    `EXISTS (SELECT FROM jsonb_array_elements(varbinds) AS bound (v) WHERE ${clauses.map((each) => `(${each})`).join(' AND ')})`,
  );
}

function objectClause(conditions: Conditions, name: string, names: OidsByName): string {
  const oids = OID.test(name) ? [name.replace(/^\./, '')] : names.objects(name);
  if (oids.length > 0) return oids.map((oid) => oidClause(conditions, `v ->> 'oid'`, oid)).join(' OR ');
  const stored = storedNameClause(conditions, `v ->> 'name'`, name);
  return `${stored} OR ${storedNameClause(conditions, `v ->> 'name'`, `${name}.*`)}`;
}

/** The value as it stands, its text, or of `down(2)` the word; `*` for anything. In any case. */
function valueClause(conditions: Conditions, value: string): string {
  const pattern = `${conditions.bind(globPattern(value))}::text`;
  return `v ->> 'value' ILIKE ${pattern} OR v ->> 'text' ILIKE ${pattern} OR v ->> 'text' ILIKE ${pattern} || '(%'`;
}

function requireText(conditions: Conditions, words: string): void {
  if (words === '') throw usage('match', words, 'is nothing to look for', 'Write a part of a name or value');
  conditions.require(textClause(conditions, words));
}

/** In the JSON as it is stored: quotes and backslashes have one before them there. */
function textClause(conditions: Conditions, words: string): string {
  const written = JSON.stringify(words).slice(1, -1);
  return `${TRAP_TEXT} ILIKE ${conditions.bind(`%${likeLiteral(written)}%`)}::text`;
}

import { parseDuration, parseSize } from '../../config/units.ts';
import type { Conditions } from '../conditions.ts';
import {
  parseAddresses,
  parseList,
  parseNumbers,
  parseProtocols,
  parseTcpFlags,
  usage,
  type NumberChoice,
} from '../filter-values.ts';
import { interfaceIsCalled } from '../interface-names.ts';

/** One way to choose flows. A list with commas means any of its values, in any of the columns. */
export interface FilterField {
  /** As on the command line, without the dashes. */
  readonly name: string;
  /** What stands for the value in help texts. */
  readonly value: string;
  readonly summary: string;
  /** Adds the condition. @throws DogwatchError `USAGE` about what was written */
  readonly apply: (conditions: Conditions, words: string) => void;
}

const UINT32 = 0xff_ff_ff_ff;

/** Everything that flows can be chosen by. */
export const FILTER_FIELDS: readonly FilterField[] = [
  addresses('src', 'source address', 'src_addr'),
  addresses('dst', 'destination address', 'dst_addr'),
  addresses('host', 'source or destination address', 'src_addr', 'dst_addr'),
  addresses('net', 'source or destination network', 'src_addr', 'dst_addr'),
  addresses('next-hop', 'next hop', 'next_hop'),
  addresses('exporter', 'exporter', 'exporter'),
  numbers('port', 'source or destination port', 65_535, 'src_port', 'dst_port'),
  numbers('src-port', 'source port', 65_535, 'src_port'),
  numbers('dst-port', 'destination port; of ICMP type * 256 + code', 65_535, 'dst_port'),
  { name: 'protocol', value: 'list', summary: 'tcp, udp, icmp, … or a number', apply: requireProtocol },
  { name: 'tcp-flags', value: 'set/mask', summary: 'S/SA: of SYN and ACK only SYN', apply: requireFlags },
  interfaces('in-if', 'incoming interface', 'in_if'),
  interfaces('out-if', 'outgoing interface', 'out_if'),
  interfaces('interface', 'incoming or outgoing interface', 'in_if', 'out_if'),
  zeroIsNone('as', 'source or destination AS', UINT32, 'src_as', 'dst_as'),
  zeroIsNone('src-as', 'source AS', UINT32, 'src_as'),
  zeroIsNone('dst-as', 'destination AS', UINT32, 'dst_as'),
  zeroIsNone('vlan', 'VLAN id', 4095, 'vlan'),
  numbers('tos', 'type of service or traffic class', 255, 'tos'),
  zeroIsNone('domain', 'observation domain', UINT32, 'observation_domain'),
  numbers('sampling', 'sampling rate, one in so many; none: unknown', UINT32, 'sampling_rate'),
  { name: 'direction', value: 'in|out', summary: 'metered at ingress or egress', apply: requireDirection },
  { name: 'min-bytes', value: 'size', summary: 'at least so many octets, as exported', apply: requireBytes },
  { name: 'min-packets', value: 'n', summary: 'at least so many packets, as exported', apply: requirePackets },
  { name: 'min-duration', value: 'time', summary: 'lasted at least so long', apply: requireDuration },
  { name: 'application', value: 'list', summary: 'application by name or id', apply: requireApplication },
  { name: 'extra', value: 'name[=value]', summary: 'another element, present or with this value', apply: requireExtra },
];

function addresses(name: string, what: string, ...columns: string[]): FilterField {
  return {
    name,
    value: 'list',
    summary: `${what}, as addresses or prefixes`,
    apply: (conditions, words) => {
      const holder = conditions.bind(parseAddresses(name, words));
      // An address is its own prefix of full length.
      conditions.require(columns.map((column) => `${column} <<= ANY(${holder}::inet[])`).join(' OR '));
    },
  };
}

function numbers(name: string, summary: string, largest: number, ...columns: string[]): FilterField {
  const apply = (conditions: Conditions, words: string) => {
    requireNumbers(conditions, columns, parseNumbers(name, words, largest));
  };
  return { name, value: 'list', summary, apply };
}

/** Columns where 0 on the wire means "none" and is stored as NULL. */
function zeroIsNone(name: string, summary: string, largest: number, ...columns: string[]): FilterField {
  const apply = (conditions: Conditions, words: string) => {
    const choice = parseNumbers(name, words, largest);
    requireNumbers(conditions, columns, { ...choice, none: choice.none || choice.single.includes(0) });
  };
  return { name, value: 'list', summary, apply };
}

/** By ifIndex, or by name, alias or description: as polled at the time of the flow, or as the exporter told. */
function interfaces(name: string, what: string, ...columns: string[]): FilterField {
  const apply = (conditions: Conditions, words: string) => {
    const choice = parseNumbers(name, words, UINT32, true);
    const clauses = numberClauses(conditions, columns, choice);
    if (choice.words.length > 0) {
      const holder = `${conditions.bind(choice.words)}::text[]`;
      clauses.push(...interfaceIsCalled(columns, holder));
    }
    conditions.require(clauses.join(' OR '));
  };
  return { name, value: 'list', summary: `${what}, by ifIndex, name or alias`, apply };
}

function requireNumbers(conditions: Conditions, columns: readonly string[], choice: NumberChoice): void {
  conditions.require(numberClauses(conditions, columns, choice).join(' OR '));
}

function numberClauses(
  conditions: Conditions,
  columns: readonly string[],
  { single, ranges, none }: NumberChoice,
): string[] {
  const tests = none ? ['IS NULL'] : [];
  if (single.length > 0) tests.push(`= ANY(${conditions.bind(single)}::int8[])`);
  for (const [from, to] of ranges) {
    tests.push(`BETWEEN ${conditions.bind(from)}::int8 AND ${conditions.bind(to)}::int8`);
  }
  return columns.flatMap((column) => tests.map((test) => `${column} ${test}`));
}

function requireProtocol(conditions: Conditions, words: string): void {
  conditions.require(`protocol = ANY(${conditions.bind(parseProtocols('protocol', words))}::int2[])`);
}

function requireFlags(conditions: Conditions, words: string): void {
  const { set, mask } = parseTcpFlags('tcp-flags', words);
  // Exporters set no flags, rather than NULL, for protocols without them.
  conditions.require(`protocol = 6 AND tcp_flags & ${conditions.bind(mask)}::int2 = ${conditions.bind(set)}::int2`);
}

function requireDirection(conditions: Conditions, words: string): void {
  if (words !== 'in' && words !== 'out') throw usage('direction', words, 'is no direction', 'Write in or out');
  conditions.require(directionClause(words));
}

/** Exporters that say nothing meter at ingress, as NetFlow always did. */
export function directionClause(direction: 'in' | 'out'): string {
  return direction === 'in' ? 'direction = 0 OR direction IS NULL' : 'direction = 1';
}

function requireBytes(conditions: Conditions, words: string): void {
  const bytes = /^\d+$/.test(words) ? Number(words) : parseSize(words);
  if (bytes === undefined || !Number.isSafeInteger(bytes)) {
    throw usage('min-bytes', words, 'is no size', 'Write it as 1500, 10kB or 4MiB');
  }
  conditions.require(`bytes >= ${conditions.bind(bytes)}::int8`);
}

function requirePackets(conditions: Conditions, words: string): void {
  if (!/^\d{1,15}$/.test(words)) throw usage('min-packets', words, 'is no count', 'Write a whole number');
  conditions.require(`packets >= ${conditions.bind(Number(words))}::int8`);
}

function requireDuration(conditions: Conditions, words: string): void {
  const ms = parseDuration(words);
  if (ms === undefined) throw usage('min-duration', words, 'is no duration', 'Write it as 500ms, 10s or 5m');
  conditions.require(`flow_end - flow_start >= ${conditions.bind(ms / 1000)}::float8 * interval '1 second'`);
}

function requireApplication(conditions: Conditions, words: string): void {
  const holder = `${conditions.bind(parseList('application', words).map((part) => part.toLowerCase()))}::text[]`;
  conditions.require(
    `application_id = ANY(${holder}) OR (exporter, application_id) IN
       (SELECT exporter, application_id FROM applications WHERE lower(name) = ANY(${holder}))`,
  );
}

function requireExtra(conditions: Conditions, words: string): void {
  const [, name = '', value] = /^([^=]+)(?:=(.*))?$/s.exec(words) ?? [];
  if (name === '')
    throw usage('extra', words, 'names no element', 'Write it as natEvent=1 or mplsTopLabelStackSection');
  const holder = `${conditions.bind(name)}::text`;
  // Compared as text: numbers, addresses and words alike; of lists and groups it is their JSON.
  conditions.require(
    value === undefined ? `extra ? ${holder}` : `extra ->> ${holder} = ${conditions.bind(value)}::text`,
  );
}

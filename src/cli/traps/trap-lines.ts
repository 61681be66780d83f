import type { StoredVarbind } from '../../../collectors/snmp/names/stored-varbind.ts';
import { LINE_COLUMNS } from '../../query/traps/trap-columns.ts';
import { digitsOf } from '../records/exact-json.ts';
import { type LineStyle, timeText } from '../records/line-style.ts';
import type { TextRow } from '../records/record-writers.ts';
import { faint, severityColour } from '../terminal/colour.ts';
import { cutText, visibleText } from '../terminal/visible-text.ts';
import type { TrapNames } from './trap-names.ts';

/** Names up to this long stand below each other. */
const MOST_DEVICE_CELLS = 32;
const ERROR = 3;
const WARNING = 4;
const NOTICE = 5;

/** Traps that everybody looks for, in the colours of severities. */
const COLOURS: Readonly<Record<string, number>> = {
  linkDown: ERROR,
  egpNeighborLoss: ERROR,
  bgpBackwardTransition: ERROR,
  bgpBackwardTransNotification: ERROR,
  coldStart: WARNING,
  warmStart: WARNING,
  authenticationFailure: WARNING,
  linkUp: NOTICE,
  bgpEstablished: NOTICE,
  bgpEstablishedNotification: NOTICE,
};

const LEVELS: Readonly<Record<string, string>> = { n: 'noAuthNoPriv', a: 'authNoPriv', p: 'authPriv' };

/** A row of `LINE_COLUMNS` by their names. */
type Row = Readonly<Record<string, string | null | undefined>>;

/**
 * Traps as lines for people: time, device (and the one that it is about, where that is another), trap, varbinds as name=value. Long,
 * each varbind has a line of its own. The column of devices is as wide as the longest so far.
 */
export class TrapLines {
  readonly #style: LineStyle;
  readonly #names: TrapNames;
  readonly #long: boolean;
  #deviceCells = 0;

  constructor(style: LineStyle, names: TrapNames, long: boolean) {
    this.#style = style;
    this.#names = names;
    this.#long = long;
  }

  /** One line or more, with their ends. */
  text(cells: TextRow): string {
    const row = Object.fromEntries(LINE_COLUMNS.map(({ name }, index) => [name, cells[index] ?? null]));
    const time = timeText(row['received_at'], this.#style);
    const title = this.#title(row);
    const head = `${time} ${this.#device(row)} `;
    const rest = this.#long ? '' : ` ${this.#short(row)}`;
    const line = cutText(`${head}${title}${rest}`.trimEnd(), this.#style.width, this.#style.unicode ? '…' : '~');
    return `${this.#coloured(line, time.length, head.length, title)}\n${this.#long ? this.#details(row) : ''}`;
  }

  #title(row: Row): string {
    if (row['pdu'] === 'u') return 'undecodable';
    const name = this.#names.trapName(row['trap_oid'] ?? null, row['trap_name'] ?? null);
    return visibleText(withoutModule(name ?? row['trap_oid'] ?? 'without snmpTrapOID'));
  }

  #device({ device, agent_address: agent }: Row): string {
    const about = agent === null || agent === undefined || agent === device ? '' : ` for ${agent}`;
    const text = visibleText(`${device ?? ''}${about}`);
    this.#deviceCells = Math.max(this.#deviceCells, Math.min(text.length, MOST_DEVICE_CELLS));
    return text.padEnd(this.#deviceCells);
  }

  #short(row: Row): string {
    if (row['pdu'] === 'u') return visibleText(`${row['reason'] ?? ''}, ${row['bytes'] ?? 0} bytes (--raw)`);
    const varbinds = this.#names.varbinds(row['varbinds'] ?? null).map((each) => {
      return `${withoutModule(each.name ?? each.oid)}=${quoted(shownValue(each))}`;
    });
    const flags = (row['flags'] ?? '') === '' ? [] : [`[${row['flags']}]`];
    return visibleText([...varbinds, ...flags].join(' '));
  }

  /** What stands below the line of a trap. */
  #details(row: Row): string {
    const about = metaOf(row).map(([name, value]) => `${name} ${value}`);
    const varbinds = this.#names.varbinds(row['varbinds'] ?? null).map(({ name, oid, ...rest }) => {
      return `${name ?? oid} = ${rest.type}: ${shownValue({ oid, ...rest })}`;
    });
    const lines = [about.join(', '), ...varbinds].filter((line) => line !== '');
    return lines.map((line) => `    ${visibleText(line)}\n`).join('');
  }

  #coloured(line: string, timeCells: number, headCells: number, title: string): string {
    if (!this.#style.colour) return line;
    const severity = title === 'undecodable' ? ERROR : COLOURS[title];
    const end = headCells + title.length;
    const [head, word, rest] = [line.slice(timeCells, headCells), line.slice(headCells, end), line.slice(end)];
    return faint(line.slice(0, timeCells)) + head + severityColour(word, severity) + rest;
  }
}

function metaOf(row: Row): [string, string][] {
  const version = row['version'] === '2' ? '2c' : row['version'];
  const pdu = row['pdu'] === 'i' ? 'inform' : row['pdu'] === 'u' ? `reason ${row['reason'] ?? ''}, ` : 'trap';
  const level = LEVELS[row['security_level'] ?? ''];
  const all: [string, string | null | undefined][] = [
    [`${pdu} of version`, version],
    ['user', row['security_name']],
    ['level', level],
    ['engine', row['engine_id']],
    ['context', row['context_name'] === '' ? null : row['context_name']],
    ['OID', row['trap_oid']],
    ['enterprise', row['enterprise']],
    ['uptime', row['uptime'] === null ? null : uptimeText(Number(row['uptime']))],
    ['flags', row['flags'] === '' ? null : row['flags']],
    ['bytes', row['bytes']],
  ];
  return all.filter((each): each is [string, string] => typeof each[1] === 'string');
}

/** Hundredths of a second as `3d 04:05:06`. */
function uptimeText(hundredths: number): string {
  const seconds = Math.floor(hundredths / 100);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const days = Math.floor(seconds / 86_400);
  return days === 0 ? clock : `${days}d ${clock}`;
}

/** `IF-MIB::ifIndex.3` is `ifIndex.3`: on one line what matters is which. */
function withoutModule(name: string): string {
  return name.slice(name.indexOf('::') < 0 ? 0 : name.indexOf('::') + 2);
}

function shownValue({ text, value, type, encoding }: StoredVarbind): string {
  if (text !== undefined) return withoutModuleOf(type, text);
  if (value === null) return type;
  return encoding === 'hex' ? `0x${value}` : digitsOf(value);
}

/** Of an OID its name is the text. */
function withoutModuleOf(type: string, text: string): string {
  return type === 'ObjectIdentifier' ? withoutModule(text) : text;
}

function quoted(value: string): string {
  return value === '' || /[\s="]/.test(value) ? JSON.stringify(value) : value;
}

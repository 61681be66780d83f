import { protocolName, serviceName } from '../../query/protocols.ts';
import { rangeSeconds, type TimeRange } from '../../query/time-range.ts';
import type { TopMetric, TopSubject } from '../../query/top-sql.ts';
import type { TopAnswer, TopQuestion, TopRow } from '../../query/top.ts';
import { barText } from './bars.ts';
import { renderTable, type TableColumn } from './table.ts';
import { bitRateText, countText, localTimeText, octetsText, secondsText, shareText, zoneText } from './units.ts';

export interface ScreenOptions {
  readonly width: number;
  readonly unicode: boolean;
}

interface Layout {
  readonly keys: readonly TableColumn[];
  readonly cells: (key: TopRow['key']) => readonly string[];
  /** Titles of the two sides, for subjects that have them. */
  readonly sides?: readonly [string, string];
}

const NOT_TOLD = '-';

const LAYOUTS: Readonly<Record<TopSubject, Layout>> = {
  talkers: {
    keys: [{ title: 'host', shrinks: true }],
    cells: ({ host }) => [words(host)],
    sides: ['sent', 'received'],
  },
  conversations: {
    keys: [
      { title: 'a', shrinks: true },
      { title: 'b', shrinks: true },
    ],
    cells: ({ a, b }) => [words(a), words(b)],
    sides: ['a to b', 'b to a'],
  },
  applications: {
    keys: [{ title: 'application', shrinks: true }],
    cells: (key) => [applicationText(key)],
  },
  interfaces: {
    keys: [
      { title: 'exporter', shrinks: true },
      { title: 'ifIndex', right: true },
      { title: 'name', shrinks: true },
    ],
    cells: ({ exporter, interface: index, name }) => [words(exporter), words(index), words(name)],
    sides: ['in', 'out'],
  },
  exporters: {
    keys: [{ title: 'exporter', shrinks: true }, { title: 'protocol' }],
    cells: ({ exporter, protocols }) => [words(exporter), words(protocols)],
  },
};

const BAR_CELLS = 16;

/** Title, table with bars, and what must be known to read it. */
export function topScreen(question: TopQuestion, answer: TopAnswer, { width, unicode }: ScreenOptions): string {
  const { subject, range, by, direction } = question;
  const when = rangeText(range);
  if (answer.rows.length === 0) {
    return `No flows ${when}. "dogwatch status" tells whether any arrive; --last 24h looks further back.\n`;
  }
  const layout = LAYOUTS[subject];
  const metered =
    direction === 'both' ? '' : `, metered ${direction === 'in' ? 'where they come in' : 'where they leave'}`;
  const right = (title: string): TableColumn => ({ title, right: true });
  const columns = [
    ...layout.keys,
    ...(layout.sides ?? []).map(right),
    ...(by === 'bytes' ? [] : [right(by)]),
    right('bytes'),
    right('rate'),
    right('share'),
    { title: '' },
  ];
  const largest = Math.max(...answer.rows.map(({ share }) => share));
  const rows = answer.rows.map((row) => [
    ...layout.cells(row.key),
    ...(layout.sides === undefined ? [] : row.sides.map((side) => amountText(side, by))),
    ...(by === 'bytes' ? [] : [amountText(row[by], by)]),
    octetsText(row.bytes),
    bitRateText(row.bitsPerSecond),
    shareText(row.share),
    // The longest bar is the largest row: shares of the whole are often too small to compare.
    barText(largest > 0 ? row.share / largest : 0, BAR_CELLS, unicode),
  ]);
  const title = `Top ${subject} by ${by} ${when}${metered}`;
  return `${title}\n\n${renderTable(columns, rows, { width, unicode })}\n${footer(question, answer)}`;
}

/** `from … to … UTC+01:00 (15m)`. */
export function rangeText(range: TimeRange): string {
  const { from, to } = range;
  const zones = [zoneText(from), zoneText(to)];
  // A stretch over the change to summer time has two zones.
  const first = zones[0] === zones[1] ? '' : ` ${zones[0]}`;
  return `from ${localTimeText(from)}${first} to ${localTimeText(to)} ${zones[1]} (${secondsText(rangeSeconds(range))})`;
}

function footer({ subject, range }: TopQuestion, { whole }: TopAnswer): string {
  const rate = bitRateText((whole.bytes * 8) / rangeSeconds(range));
  const all = `All together: ${octetsText(whole.bytes)}, ${countText(whole.packets)} packets, ${countText(whole.flows)} flows, ${rate}.`;
  const twice: Partial<Record<TopSubject, string>> = {
    talkers: ' A flow counts for both of its hosts, so shares add up to 200 %.',
    interfaces: ' A flow counts for both of its interfaces, so shares add up to 200 %.',
  };
  return `${all}${twice[subject] ?? ''}\n${samplingText(whole)}`;
}

function samplingText({ flows, unknownSampling }: TopAnswer['whole']): string {
  if (unknownSampling === 0) return 'Sampling is applied; the rate of every flow is known.\n';
  const share = flows > 0 ? shareText(unknownSampling / flows) : '100 %';
  return `Sampling is applied; for ${share} of the flows the rate is unknown, and they count once (see flow.sampling).\n`;
}

function amountText(amount: number, by: TopMetric): string {
  return by === 'bytes' ? octetsText(amount) : countText(amount);
}

function words(value: string | number | null | undefined): string {
  return value === null || value === undefined ? NOT_TOLD : String(value);
}

/** The exporter's name, or `https (tcp/443)`, `tcp/4711`, `icmp`. */
function applicationText({ application, protocol, port }: TopRow['key']): string {
  if (application !== null && application !== undefined) return String(application);
  if (typeof protocol !== 'number') return NOT_TOLD;
  if (typeof port !== 'number') return protocolName(protocol);
  const place = `${protocolName(protocol)}/${port}`;
  const service = serviceName(protocol, port);
  return service === undefined ? place : `${service} (${place})`;
}

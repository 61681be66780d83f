import { protocolName, serviceName } from '../../query/protocols.ts';
import { rangeSeconds, type TimeRange } from '../../query/time-range.ts';
import { metricOf, type TopMetric, type TopSubject } from '../../query/top/top-subjects.ts';
import type { TopAnswer, TopQuestion, TopRow } from '../../query/top/top.ts';
import { barText } from './bars.ts';
import { renderTable, type TableColumn } from './table.ts';
import { bitRateText, countText, localTimeText, octetsText, secondsText, shareText, zoneText } from './units.ts';

export interface ScreenOptions {
  readonly width: number;
  readonly unicode: boolean;
}

/** A column with what stands in it. */
interface ShownColumn extends TableColumn {
  readonly cell: (row: TopRow) => string;
}

interface Layout {
  readonly keys: readonly ShownColumn[];
  /** What SNMP polling tells: each is shown where it tells something of any row. */
  readonly polled?: readonly ShownColumn[];
  /** Titles of the two sides, for subjects that have them. */
  readonly sides?: readonly [string, string];
}

const NOT_TOLD = '-';

const LAYOUTS: Readonly<Record<TopSubject, Layout>> = {
  talkers: { keys: [keyColumn('host')], sides: ['sent', 'received'] },
  conversations: { keys: [keyColumn('a'), keyColumn('b')], sides: ['a to b', 'b to a'] },
  applications: { keys: [{ title: 'application', shrinks: true, cell: ({ key }) => applicationText(key) }] },
  interfaces: {
    keys: [
      keyColumn('exporter'),
      { title: 'ifIndex', right: true, cell: ({ key }) => words(key['interface']) },
      keyColumn('name'),
    ],
    polled: [
      keyColumn('alias'),
      { title: 'speed', right: true, cell: ({ key: { speed } }) => rateText(speed) },
      { title: 'in use', right: true, cell: ({ utilisation }) => useText(utilisation?.[0]) },
      { title: 'out use', right: true, cell: ({ utilisation }) => useText(utilisation?.[1]) },
    ],
    sides: ['in', 'out'],
  },
  exporters: {
    keys: [keyColumn('exporter'), { title: 'protocol', cell: ({ key }) => words(key['protocols']) }],
    polled: [keyColumn('name')],
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
  const metered =
    direction === 'both' ? '' : `, metered ${direction === 'in' ? 'where they come in' : 'where they leave'}`;
  const columns = columnsOf(question, answer, unicode);
  const rows = answer.rows.map((row) => columns.map(({ cell }) => cell(row)));
  const title = `Top ${subject} by ${by} ${when}${metered}`;
  return `${title}\n\n${renderTable(columns, rows, { width, unicode })}\n${footer(question, answer)}`;
}

function columnsOf({ subject, by }: TopQuestion, { rows }: TopAnswer, unicode: boolean): ShownColumn[] {
  const { keys, polled = [], sides = [] } = LAYOUTS[subject];
  const metric = metricOf(by);
  const amount: ShownColumn = { title: metric, right: true, cell: (row) => amountText(row[metric], metric) };
  // The longest bar is the largest row: shares of the whole are often too small to compare.
  const length = (row: TopRow) => (by === 'utilisation' ? Math.max(...(row.utilisation ?? [0])) : row.share);
  const largest = Math.max(...rows.map(length));
  return [
    ...keys,
    ...polled.filter(({ cell }) => rows.some((row) => cell(row) !== NOT_TOLD)),
    ...sides.map((title, side): ShownColumn => ({
      title,
      right: true,
      cell: (row) => amountText(row.sides[side] ?? 0, metric),
    })),
    ...(metric === 'bytes' ? [] : [amount]),
    { title: 'bytes', right: true, cell: ({ bytes }) => octetsText(bytes) },
    { title: 'rate', right: true, cell: ({ bitsPerSecond }) => bitRateText(bitsPerSecond) },
    { title: 'share', right: true, cell: ({ share }) => shareText(share) },
    { title: '', cell: (row) => barText(largest > 0 ? length(row) / largest : 0, BAR_CELLS, unicode) },
  ];
}

function keyColumn(name: string): ShownColumn {
  return { title: name, shrinks: true, cell: ({ key }) => words(key[name]) };
}

function rateText(bitsPerSecond: string | number | null | undefined): string {
  return typeof bitsPerSecond === 'number' ? bitRateText(bitsPerSecond) : NOT_TOLD;
}

function useText(part: number | undefined): string {
  return part === undefined ? NOT_TOLD : shareText(part);
}

/** `from … to … UTC+01:00 (15m)`. */
export function rangeText(range: TimeRange): string {
  const { from, to } = range;
  const zones = [zoneText(from), zoneText(to)];
  // A stretch over the change to summer time has two zones.
  const first = zones[0] === zones[1] ? '' : ` ${zones[0]}`;
  return `from ${localTimeText(from)}${first} to ${localTimeText(to)} ${zones[1]} (${secondsText(rangeSeconds(range))})`;
}

function footer({ subject, range, by }: TopQuestion, { whole, origin }: TopAnswer): string {
  const rate = bitRateText((whole.bytes * 8) / rangeSeconds(range));
  const all = `All together: ${octetsText(whole.bytes)}, ${countText(whole.packets)} packets, ${countText(whole.flows)} flows, ${rate}.`;
  const twice: Partial<Record<TopSubject, string>> = {
    talkers: ' A flow counts for both of its hosts, so shares add up to 200 %.',
    interfaces: ' A flow counts for both of its interfaces, so shares add up to 200 %.',
  };
  return `${all}${twice[subject] ?? ''}\n${samplingText(whole)}${originText(origin, metricOf(by))}`;
}

/** Nothing where all is from flows. */
function originText({ seconds, exact, mayLack }: TopAnswer['origin'], by: TopMetric): string {
  const parts = Object.entries(seconds).map(
    ([source, length]) => `${source === 'raw' ? 'flows' : `rollups of ${source}`} (${secondsText(length)})`,
  );
  if (parts.length === 1 && seconds.raw !== undefined) return '';
  if (exact) return `From ${parts.join(', ')}; flows alone give the same.\n`;
  return `From ${parts.join(', ')}; each row may lack up to ${amountText(mayLack, by)} (exact with --source raw).\n`;
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

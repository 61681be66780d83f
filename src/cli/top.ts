import { gapsText } from './loss/gaps-text.ts';
import { askGaps } from '../query/losses.ts';
import { Option, type Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { withDatabase } from '../query/connect.ts';
import { parseTimeRange, rangeSeconds } from '../query/time-range.ts';
import { TOP_METRICS, type TopOrder, type TopSubject } from '../query/top/top-subjects.ts';
import {
  askTop,
  TOP_SOURCES,
  type TopAnswer,
  type TopQuestion,
  type TopRow,
  type TopSource,
} from '../query/top/top.ts';
import { configOption } from './options/config-option.ts';
import { parseWholeNumber } from './options/quantity-options.ts';
import { addRangeOptions, collect } from './options/range-options.ts';
import { speaksUnicode } from './terminal/bars.ts';
import { csvLine } from './terminal/csv.ts';
import { outputWidth, terminalSafeJson, writeOut } from './terminal/output.ts';
import { topScreen } from './terminal/top-screen.ts';
import { visibleText } from './terminal/visible-text.ts';

interface TopOptions {
  readonly config?: string;
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly exporter?: readonly string[];
  readonly by: TopOrder;
  readonly limit: number;
  readonly direction: 'in' | 'out' | 'both';
  readonly source: TopSource;
  readonly json?: true;
  readonly csv?: true;
}

const SUBJECTS: readonly { subject: TopSubject; summary: string; words: string }[] = [
  {
    subject: 'talkers',
    summary: 'hosts with the most traffic',
    words: 'A host sends where it is the source of a flow, and receives where it is the destination; both count.',
  },
  {
    subject: 'conversations',
    summary: 'pairs of hosts with the most traffic',
    words: 'Both directions between two hosts are one conversation.',
  },
  {
    subject: 'applications',
    summary: 'applications with the most traffic',
    words: `The application is what the exporter tells (NBAR, App-ID, …). Where it tells none, it is the protocol with the lower
of both ports, and the service that is usual there: a guess, since servers mostly listen on the lower one.`,
  },
  {
    subject: 'interfaces',
    summary: 'interfaces of exporters with the most traffic',
    words: `A flow counts at the interface that it came in by, and at the one that it left by. Name, alias and speed are as SNMP
polling found them, the last that held in the stretch of time; without polling, names are those that the exporters tell in
option data. "in use" and "out use" are the bits of flows, averaged over the whole stretch, as part of the speed; --by
utilisation sorts by the busier of both, and leaves interfaces of unknown speed to the end.`,
  },
  {
    subject: 'exporters',
    summary: 'exporters with the most traffic',
    words: 'What each exporter reports. The name is sysName as SNMP polling found it.',
  },
];

/** What the two sides of a row are called in JSON; both are in the metric of `--by`, and in bytes by utilisation. */
const SIDES: Partial<Record<TopSubject, readonly [string, string]>> = {
  talkers: ['sent', 'received'],
  conversations: ['aToB', 'bToA'],
  interfaces: ['in', 'out'],
};

const COMMON_HELP = `
Bytes and packets have sampling applied: each counts as often as its flow's sampling rate says. Where the rate is unknown
it counts once, and the last line says how much that concerns. Flows are flow records, never multiplied.
Time is when the collector received a flow. A rate is the traffic divided by the whole stretch of time.
The answer comes from the coarsest rollups that give the same as the flows, and from flows at the edges of the stretch; the last
line says which. With --source 1m, 10m or 1h it comes from that rollup even where figures of hosts, conversations and
applications may lack something: then the last line says how much at the most.
An exporter that meters the same traffic where it comes in and where it leaves reports it twice: choose with --direction.

Exit code 3 when the database does not answer.`;

/** `dogwatch top talkers|conversations|applications|interfaces|exporters`. */
export function registerTop(program: Command): void {
  const top = program
    .command('top')
    .summary('show who has the most traffic')
    .description('Shows who has the most traffic.');
  for (const { subject, summary, words } of SUBJECTS) {
    const command = top.command(subject).summary(summary).description(`Shows the ${summary}.`);
    addRangeOptions(command)
      .addOption(
        new Option('--exporter <list>', 'only of these exporters, as addresses or prefixes').argParser(collect),
      )
      .addOption(new Option('--by <metric>', 'what is compared').choices(ordersOf(subject)).default('bytes'))
      .addOption(new Option('-n, --limit <n>', 'how many').argParser(parseWholeNumber(1, 10_000)).default(10))
      .addOption(
        new Option('--direction <side>', 'flows metered where they come in, or where they leave')
          .choices(['in', 'out', 'both'])
          .default('both'),
      )
      .addOption(new Option('--source <source>', 'flows (raw), or a rollup').choices(TOP_SOURCES).default('auto'))
      .addOption(configOption())
      .addOption(new Option('--json', 'print the answer as JSON').conflicts('csv'))
      .option('--csv', 'print comma-separated values (RFC 4180), with the names of --json')
      .addHelpText('after', `${examples(subject)}\n${words}\n${COMMON_HELP}`)
      .action((options: TopOptions) => showTop(subject, options));
  }
}

function ordersOf(subject: TopSubject): TopOrder[] {
  return subject === 'interfaces' ? [...TOP_METRICS, 'utilisation'] : [...TOP_METRICS];
}

function examples(subject: TopSubject): string {
  const busiest = subject === 'interfaces' ? '\n  dogwatch top interfaces --last 5m --by utilisation' : '';
  return `
Examples:
  dogwatch top ${subject}${busiest}
  dogwatch top ${subject} --last 24h --by packets --limit 20
  dogwatch top ${subject} --from 14:00 --to 14:30 --exporter 192.0.2.0/24
  dogwatch top ${subject} --last 7d --source 1h
  dogwatch top ${subject} --json | jq '.rows[0]'
  dogwatch top ${subject} --last 24h --limit 1000 --csv >${subject}.csv
`;
}

async function showTop(subject: TopSubject, options: TopOptions): Promise<void> {
  const question: TopQuestion = {
    subject,
    range: parseTimeRange(options, new Date()),
    by: options.by,
    limit: options.limit,
    exporter: options.exporter ?? [],
    direction: options.direction,
    source: options.source,
  };
  const { config } = loadConfig({ file: options.config });
  const { answer, gaps } = await withDatabase(config, `dogwatch top ${subject}`, async (client) => ({
    answer: await askTop(client, question),
    gaps: await askGaps(client, question.range, question.exporter),
  }));
  if (options.json === true)
    return writeOut(terminalSafeJson(`${JSON.stringify({ ...topJson(question, answer), gaps }, null, 2)}\n`));
  if (options.csv === true) {
    // Beside the answer, and not in it.
    process.stderr.write(gapsText(gaps).trimStart());
    return writeOut(topCsv(question, answer, process.stdout.isTTY));
  }
  const screen = topScreen(question, answer, { width: outputWidth(), unicode: speaksUnicode(process.env) });
  return writeOut(screen + gapsText(gaps));
}

function topJson({ subject, range, by }: TopQuestion, { rows, whole, origin }: TopAnswer): object {
  const head = { subject, by, from: range.from, to: range.to, seconds: rangeSeconds(range), source: origin, whole };
  return {
    ...head,
    rows: rows.map((row) => flatRow(subject, row)),
  };
}

/** A line of names, then one for each row. A terminal obeys controls in names of devices: it gets none. */
function topCsv({ subject }: TopQuestion, { rows }: TopAnswer, isTerminal: boolean): string {
  const flat = rows.map((row) => Object.entries(flatRow(subject, row)));
  const field = (value: string | number | null) =>
    value === null ? null : isTerminal ? visibleText(String(value)) : String(value);
  const lines = flat.map((entries) => csvLine(entries.map(([, value]) => field(value))));
  return flat[0] === undefined ? '' : csvLine(flat[0].map(([name]) => name)) + lines.join('');
}

function flatRow(
  subject: TopSubject,
  { key, sides, utilisation, ...sums }: TopRow,
): Record<string, string | number | null> {
  const used =
    subject === 'interfaces'
      ? { inUtilisation: utilisation?.[0] ?? null, outUtilisation: utilisation?.[1] ?? null }
      : {};
  return { ...key, ...sums, ...named(sides, SIDES[subject]), ...used };
}

function named(sides: readonly [number, number], names: readonly [string, string] | undefined): Record<string, number> {
  return names === undefined ? {} : { [names[0]]: sides[0], [names[1]]: sides[1] };
}

import { LOSSES } from '../collectors/accounts/loss-table.ts';
import { parseInto, parseSyslog } from '../collectors/syslog/parse.ts';
import { ParsedMessage } from '../collectors/syslog/message/parsed-message.ts';
import { SyslogDecoder } from '../collectors/syslog/syslog-decoder.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../collectors/syslog/tables.ts';
import { SeededRandom } from '../src/traffic/random.ts';
import type { SyslogDialect } from '../src/traffic/syslog/dialects/dialects.ts';
import { createSyslogLoad } from '../src/traffic/syslog/syslog-load.ts';
import { DiscardingSink } from './support/discarding-sink.ts';
import { ParserBaseline, type ParserName, type ReadMessage } from './support/parser-baseline.ts';
import type { BenchmarkReport } from './support/report.ts';
import { TYPICAL_SHARES } from './support/typical-syslog.ts';
import { count, percent, type Spread, spreadOf } from './support/statistics.ts';

const ROUND_SECONDS = 0.2;
const WARM_SECONDS = 1;
const DEVICES = 50;
const MESSAGES = 2000;
const TARGET_PER_SECOND = 1e6;
const TARGET_RATIO = 5;
const BASELINES: readonly ParserName[] = ['nsyslog-parser', 'syslog-parse'];

const ALONE: readonly SyslogDialect[] = [...TYPICAL_SHARES.map(([dialect]) => dialect), 'leef', 'windows'];

interface Measured {
  readonly title: string;
  readonly bytes: number;
  readonly parse: Spread;
  readonly row: Spread;
  readonly baselines: readonly BaselineMeasured[];
  readonly wrong: string;
}

interface BaselineMeasured {
  readonly name: ParserName;
  /** Of the messages. */
  readonly understood: number;
  /** Over what it understood; undefined where that is nothing. */
  readonly theirs: Spread | undefined;
  /** Of ours over the same. */
  readonly ours: Spread | undefined;
}

/** Bytes of messages in memory to a parsed message, and on to a COPY row in memory, on one core. */
export async function benchmarkSyslogParsing({ rounds }: { rounds: number }): Promise<BenchmarkReport> {
  const bench = new ParserBench();
  const other = new ParserBaseline();
  const measured = [await measure('typical mix', typicalMix(), rounds, bench, other)];
  for (const dialect of ALONE)
    measured.push(await measure(dialect, messagesOf(dialect, MESSAGES), rounds, bench, other));
  other.close();
  return {
    title: 'Parsing syslog, one core',
    columns: [
      '',
      'bytes',
      'parsed/s',
      'and written as row',
      ...BASELINES.flatMap((name) => [name, 'understood', 'ratio']),
    ],
    rows: measured.map(rowOf),
    notes: [
      `Messages a second of processor time, collection of garbage included; median of ${rounds} rounds of ${ROUND_SECONDS} s of it, interleaved. `,
      `The mix: ${TYPICAL_SHARES.map(([dialect, share]) => `${dialect} ${share} %`).join(', ')}. `,
      'Understood: the same priority and host as Dogwatch reads, and a time, if there is one. Each baseline is measured over what it ' +
        'understood alone, and the ratio is to Dogwatch over the same messages. ' +
        'Before, every row was found to hold the number that the generator gave its message. ',
    ],
    measured,
    failures: failuresOf(measured),
  };
}

function failuresOf(measured: readonly Measured[]): string[] {
  const [mix] = measured;
  const ratio = ratioOf(mix?.baselines[0]);
  return [
    ...measured.flatMap(({ title, wrong }) => (wrong === '' ? [] : [`${title}: ${wrong}`])),
    ...((mix?.parse.median ?? 0) < TARGET_PER_SECOND ? [`mix below ${count(TARGET_PER_SECOND)} messages/s`] : []),
    ...(ratio >= TARGET_RATIO ? [] : [`mix below ${TARGET_RATIO} times nsyslog-parser`]),
  ];
}

function rowOf({ title, bytes, parse, row, baselines }: Measured): string[] {
  return [
    title,
    bytes.toFixed(0),
    count(parse.median),
    count(row.median),
    ...baselines.flatMap((each) => [
      each.theirs === undefined ? '' : count(each.theirs.median),
      percent(each.understood),
      each.theirs === undefined ? '' : `${ratioOf(each).toFixed(1)} ×`,
    ]),
  ];
}

function ratioOf(baseline: BaselineMeasured | undefined): number {
  return (baseline?.ours?.median ?? Number.NaN) / (baseline?.theirs?.median ?? Number.NaN);
}

function messagesOf(dialect: SyslogDialect, number: number): Buffer[] {
  const load = createSyslogLoad({ dialect, devices: DEVICES });
  const now = Date.now();
  return Array.from({ length: number }, (_, index) => Buffer.from(load.next(index % DEVICES, now).bytes));
}

function typicalMix(): Buffer[] {
  const messages = TYPICAL_SHARES.flatMap(([dialect, share]) => messagesOf(dialect, (share * MESSAGES) / 100));
  const random = new SeededRandom(1);
  for (let index = messages.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    [messages[index], messages[other]] = [messages[other]!, messages[index]!];
  }
  return messages;
}

async function measure(
  title: string,
  messages: readonly Buffer[],
  rounds: number,
  bench: ParserBench,
  other: ParserBaseline,
): Promise<Measured> {
  const wrong = bench.check(messages);
  const rates: { parse: number[]; row: number[] } = { parse: [], row: [] };
  bench.parse(messages, WARM_SECONDS);
  bench.write(messages, WARM_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    rates.parse.push(bench.parse(messages, ROUND_SECONDS));
    rates.row.push(bench.write(messages, ROUND_SECONDS));
  }
  const baselines = [];
  for (const name of BASELINES) baselines.push(await compare(name, messages, rounds, bench, other));
  const bytes = messages.reduce((sum, message) => sum + message.length, 0) / messages.length;
  return { title, bytes, parse: spreadOf(rates.parse), row: spreadOf(rates.row), baselines, wrong };
}

async function compare(
  name: ParserName,
  messages: readonly Buffer[],
  rounds: number,
  bench: ParserBench,
  other: ParserBaseline,
): Promise<BaselineMeasured> {
  const read = await other.load(messages, name);
  const shared = messages.filter((bytes, index) => isUnderstood(bytes, read[index]));
  const understood = shared.length / messages.length;
  if (shared.length === 0) return { name, understood, theirs: undefined, ours: undefined };
  await other.load(shared);
  await other.round(name, WARM_SECONDS);
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(bench.parse(shared, ROUND_SECONDS));
    theirs.push(await other.round(name, ROUND_SECONDS));
  }
  return { name, understood, theirs: spreadOf(theirs), ours: spreadOf(ours) };
}

function isUnderstood(bytes: Buffer, read: ReadMessage | null | undefined): boolean {
  if (read === null || read === undefined) return false;
  const { facility = -1, severity = -1, timestampMicros, hostname } = parseSyslog(bytes, ARRIVAL);
  return (
    read.priority === facility * 8 + severity &&
    (timestampMicros === undefined || read.hasTime) &&
    (hostname === undefined || read.host === hostname)
  );
}

const ARRIVAL = { receivedAtMicros: Date.now() * 1000, zoneOffsetMinutes: 0 };
const RECEIVED = { ...ARRIVAL, sourceAddress: '192.0.2.1', transport: 'udp', cut: false } as const;

class ParserBench {
  readonly #message = new ParsedMessage();
  readonly #rows = new DiscardingSink(SYSLOG_MESSAGES);
  readonly #decoder = new SyslogDecoder(
    {},
    { messages: this.#rows, devices: new DiscardingSink(SYSLOG_DEVICES), losses: new DiscardingSink(LOSSES) },
  );

  /** Writes every message once, and looks into the rows. @returns what is wrong, or nothing */
  check(messages: readonly Buffer[]): string {
    const rows: Record<string, unknown>[] = [];
    this.#rows.discard();
    this.#rows.onDiscard = (some) => rows.push(...some);
    for (const bytes of messages) this.#decoder.receive(bytes, RECEIVED);
    this.#rows.discard();
    this.#rows.onDiscard = undefined;
    if (rows.length !== messages.length) return `${rows.length} rows of ${messages.length}`;
    const strange = messages.findIndex((bytes, index) => !isRightRow(bytes, rows[index]!));
    return strange < 0 ? '' : `${messages[strange]!.toString()} became ${JSON.stringify(rows[strange])}`;
  }

  /** @returns messages a second of processor time */
  parse(messages: readonly Buffer[], seconds: number): number {
    return rateOf(messages, seconds, () => {
      for (const bytes of messages) parseInto(this.#message, bytes, ARRIVAL);
    });
  }

  /** @returns messages a second of processor time */
  write(messages: readonly Buffer[], seconds: number): number {
    return rateOf(messages, seconds, () => {
      for (const bytes of messages) this.#decoder.receive(bytes, RECEIVED);
    });
  }
}

/** Nothing is missing, and the number of the message stands in its text or in a field. */
function isRightRow(bytes: Buffer, row: Record<string, unknown>): boolean {
  const number = /\d{10}(?!.*\d{10})/s.exec(bytes.toString())?.[0];
  return row['reason'] === null && row['raw'] === null && JSON.stringify(row).includes(number ?? 'none');
}

/** @returns messages a second of processor time, `seconds` of which are spent */
function rateOf(messages: readonly Buffer[], seconds: number, pass: () => void): number {
  const usedBefore = process.cpuUsage();
  let parsed = 0;
  for (;;) {
    pass();
    parsed += messages.length;
    const { user, system } = process.cpuUsage(usedBefore);
    if (user + system >= seconds * 1e6) return (parsed * 1e6) / (user + system);
  }
}

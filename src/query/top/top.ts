import type { DatabaseClient } from '../../../storage/database/database.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { Conditions } from '../conditions.ts';
import { FILTER_FIELDS, directionClause } from '../flows/flow-filter.ts';
import { rangeSeconds, type TimeRange } from '../time-range.ts';
import { flowsAlone, planTop, ROLLUPS, type RollupLevel, type Span, type TopPlan } from './top-plan.ts';
import { ROLLED } from './rolled-sql.ts';
import { topSql, type TopHolders } from './top-sql.ts';
import { answerNames, metricOf, TOP_SHAPES, type TopOrder, type TopSubject } from './top-subjects.ts';

export interface TopQuestion {
  readonly subject: TopSubject;
  readonly range: TimeRange;
  /** `utilisation` of interfaces alone. */
  readonly by: TopOrder;
  readonly limit: number;
  /** Lists of addresses and prefixes; each must hold. */
  readonly exporter: readonly string[];
  /** Where flows were metered. */
  readonly direction: 'in' | 'out' | 'both';
  /** `auto`: the coarsest rollups that answer exactly, else flows. Of a rollup by name: what it does not cover comes from flows. */
  readonly source?: TopSource;
}

export const TOP_SOURCES = ['auto', 'raw', '1m', '10m', '1h'] as const;
export type TopSource = (typeof TOP_SOURCES)[number];

/** Where an answer is from. */
interface TopOrigin {
  /** Seconds of the range by what they were answered from. */
  readonly seconds: Readonly<Partial<Record<RollupLevel | 'raw', number>>>;
  /** Whether flows alone would have given the same. */
  readonly exact: boolean;
  /** Where not: what any row may lack at the most, in the metric of the question; rows that are not shown may have it. */
  readonly mayLack: number;
}

/** Sampling is applied to bytes and packets; flows are flow records, the reverse half of a bidirectional one not counted. */
interface TopSums {
  readonly bytes: number;
  readonly packets: number;
  readonly flows: number;
  /** Of the flows: those whose sampling rate is unknown, and was taken for 1. */
  readonly unknownSampling: number;
}

export interface TopRow extends TopSums {
  /** What it is, by the names of the subject's keys and details; null: nobody said. */
  readonly key: Readonly<Record<string, string | number | null>>;
  /** The share of the metric in each of two sides: sent and received, a to b and b to a, in and out. By utilisation it is bytes. */
  readonly sides: readonly [number, number];
  readonly bitsPerSecond: number;
  /** Of an interface whose speed is known: bits in and out, averaged over the range, as part of its speed; 1 is all of it. */
  readonly utilisation: readonly [number, number] | undefined;
  /** Of the whole, 0 to 1. */
  readonly share: number;
}

export interface TopAnswer {
  readonly rows: readonly TopRow[];
  /** All flows that were looked at, each once. */
  readonly whole: TopSums;
  readonly origin: TopOrigin;
}

interface ResultRow {
  readonly top: Readonly<Record<string, string | number | null>> | null;
  readonly bytes: number;
  readonly packets: number;
  readonly flows: number;
  readonly unknown: number;
  /** Of remainders: how many there are, the most that they have of one key, and the most of an answer that is not shown. */
  readonly rests?: number;
  readonly hidden?: number;
  readonly others?: number | null;
}

/**
 * The largest of a subject. Opens only the partitions of the range.
 * @throws DogwatchError `USAGE` for an exporter that is no address or prefix, for a utilisation of anything but interfaces, and for a
 *   rollup with a direction, which rollups do not have
 */
export async function askTop(client: DatabaseClient, question: TopQuestion): Promise<TopAnswer> {
  requireSense(question);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    for (const levels of attemptsOf(question)) {
      const plan = await planTop(client, question.range, levels);
      if (plan.rollups.length === 0) break;
      const answer = await answerFrom(client, question, plan);
      if (answer.origin.exact || (question.source ?? 'auto') !== 'auto') return answer;
    }
    return await answerFrom(client, question, flowsAlone(question.range));
  } finally {
    await client.query('ROLLBACK').catch(() => {});
  }
}

/** Rollups to try, until one answers exactly; none: flows alone. */
function attemptsOf({ source = 'auto', direction }: TopQuestion): readonly (readonly RollupLevel[])[] {
  if (source === 'raw' || direction !== 'both') return [];
  const levels = ROLLUPS.map(({ level }) => level);
  return source === 'auto' ? levels.map((_, index) => levels.slice(index)) : [[source]];
}

async function answerFrom(client: DatabaseClient, question: TopQuestion, plan: TopPlan): Promise<TopAnswer> {
  const { rows } = await client.query<ResultRow>(topQuery(question, plan));
  const { bytes = 0, packets = 0, flows = 0, unknown = 0 } = rows[0] ?? {};
  const whole: TopSums = { bytes, packets, flows, unknownSampling: unknown };
  const answers = rows.flatMap(({ top }) => (top === null ? [] : [topRow(question, top, whole)]));
  return { rows: answers, whole, origin: originOf(question, plan, rows) };
}

function originOf(question: TopQuestion, plan: TopPlan, rows: readonly ResultRow[]): TopOrigin {
  const seconds: Partial<Record<RollupLevel | 'raw', number>> = {};
  for (const { rollup, spans } of plan.rollups) seconds[rollup.level] = secondsOf(spans);
  if (plan.flows.length > 0 || plan.rollups.length === 0) seconds.raw = secondsOf(plan.flows);
  const exact = isExact(question, rows);
  const keys = ROLLED[question.subject].keysOfAnswer ?? 1;
  return { seconds, exact, mayLack: exact ? 0 : keys * (rows[0]?.hidden ?? 0) };
}

/**
 * Whether no remainder can hide anything: there is none; or none has anything of what is shown, and all that others may have is less than
 * the least that is shown.
 */
function isExact({ subject, by, limit }: TopQuestion, rows: readonly ResultRow[]): boolean {
  const [{ rests = 0, hidden = 0, others = 0 } = {}] = rows;
  if (rests === 0) return true;
  const { keysOfAnswer } = ROLLED[subject];
  const shown = rows.flatMap(({ top }) => (top === null ? [] : [top]));
  if (keysOfAnswer === undefined || by === 'utilisation' || shown.length < limit) return false;
  const least = Math.min(...shown.map((top) => Number(top[by])));
  return (
    shown.every((top) => top['sure'] === keysOfAnswer * rests) && least > Math.max(others ?? 0, keysOfAnswer * hidden)
  );
}

function secondsOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
}

function requireSense({ subject, by, source = 'auto', direction }: TopQuestion): void {
  if (by === 'utilisation' && subject !== 'interfaces')
    throw new DogwatchError('USAGE', `--by utilisation: ${subject} have no speed`, {
      remedy: 'Only top interfaces can be sorted by it.',
    });
  if (source !== 'auto' && source !== 'raw' && direction !== 'both')
    throw new DogwatchError('USAGE', `--source ${source}: rollups do not know where flows were metered`, {
      remedy: 'Leave --direction or --source away.',
    });
}

/** The statement with its parameters. */
export function topQuery(
  question: TopQuestion,
  plan: TopPlan = flowsAlone(question.range),
): { text: string; values: unknown[] } {
  const conditions = new Conditions();
  const exporter = FILTER_FIELDS.find(({ name }) => name === 'exporter');
  for (const words of question.exporter) exporter?.apply(conditions, words);
  const exporters = conditions.sql;
  const within = (column: string, spans: readonly Span[]) => {
    const clauses = spans.map(
      ({ from, to }) =>
        `(${column} >= ${boundTime(conditions, new Date(from))} AND ${column} < ${boundTime(conditions, new Date(to))})`,
    );
    return clauses.length === 0 ? 'false' : `(${clauses.join(' OR ')})`;
  };
  const direction = question.direction === 'both' ? 'true' : directionClause(question.direction);
  const parts = {
    flows: `${exporters} AND ${within('received_at', plan.flows)} AND (${direction})`,
    rollups: plan.rollups.map(({ rollup, spans }) => {
      return { table: rollup.table, where: `${exporters} AND ${within('bucket', spans)}` };
    }),
  };
  const { from, to } = question.range;
  const holders: TopHolders = {
    limit: `${conditions.bind(question.limit)}::int8`,
    stretch: () => ({ from: boundTime(conditions, from), to: boundTime(conditions, to) }),
  };
  return { text: topSql(question.subject, question.by, parts, holders), values: conditions.values };
}

function boundTime(conditions: Conditions, time: Date): string {
  return `${conditions.bind(time.toISOString())}::timestamptz`;
}

function topRow(question: TopQuestion, top: NonNullable<ResultRow['top']>, whole: TopSums): TopRow {
  const number = (name: string) => Number(top[name] ?? 0);
  const key = answerNames(TOP_SHAPES[question.subject]).map((name) => [name, top[name] ?? null] as const);
  const metric = metricOf(question.by);
  const all = whole[metric];
  const seconds = rangeSeconds(question.range);
  const ofSpeed = (name: string) => (number(name) * 8) / seconds / number('speed');
  return {
    key: Object.fromEntries(key),
    bytes: number('bytes'),
    packets: number('packets'),
    flows: number('flows'),
    unknownSampling: number('unknown_sampling'),
    sides: [number('first_side'), number('second_side')],
    bitsPerSecond: (number('bytes') * 8) / seconds,
    utilisation: number('speed') > 0 ? [ofSpeed('first_bytes'), ofSpeed('second_bytes')] : undefined,
    share: all > 0 ? number(metric) / all : 0,
  };
}

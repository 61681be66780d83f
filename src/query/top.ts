import type { DatabaseClient } from '../../storage/database/database.ts';
import { DogwatchError } from '../runtime/errors.ts';
import { Conditions } from './conditions.ts';
import { FILTER_FIELDS, directionClause } from './flow-filter.ts';
import { rangeSeconds, requireRange, type TimeRange } from './time-range.ts';
import {
  answerNames,
  metricOf,
  TOP_SHAPES,
  topSql,
  type TopHolders,
  type TopOrder,
  type TopSubject,
} from './top-sql.ts';

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
}

interface ResultRow {
  readonly top: Readonly<Record<string, string | number | null>> | null;
  readonly bytes: number;
  readonly packets: number;
  readonly flows: number;
  readonly unknown: number;
}

/**
 * The largest of a subject. Opens only the partitions of the range.
 * @throws DogwatchError `USAGE` for an exporter that is no address or prefix, and for a utilisation of anything but interfaces
 */
export async function askTop(client: DatabaseClient, question: TopQuestion): Promise<TopAnswer> {
  const { rows } = await client.query<ResultRow>(topQuery(question));
  const { bytes = 0, packets = 0, flows = 0, unknown = 0 } = rows[0] ?? {};
  const whole: TopSums = { bytes, packets, flows, unknownSampling: unknown };
  const answers = rows.flatMap(({ top }) => (top === null ? [] : [topRow(question, top, whole)]));
  return { rows: answers, whole };
}

/** The statement with its parameters. */
export function topQuery(question: TopQuestion): { text: string; values: unknown[] } {
  if (question.by === 'utilisation' && question.subject !== 'interfaces')
    throw new DogwatchError('USAGE', `--by utilisation: ${question.subject} have no speed`, {
      remedy: 'Only top interfaces can be sorted by it.',
    });
  const conditions = new Conditions();
  requireRange(conditions, question.range);
  const exporter = FILTER_FIELDS.find(({ name }) => name === 'exporter');
  for (const words of question.exporter) exporter?.apply(conditions, words);
  if (question.direction !== 'both') conditions.require(directionClause(question.direction));
  const { from, to } = question.range;
  const holders: TopHolders = {
    limit: `${conditions.bind(question.limit)}::int8`,
    stretch: () => ({ from: boundTime(conditions, from), to: boundTime(conditions, to) }),
  };
  const shape = TOP_SHAPES[question.subject];
  return { text: topSql(shape, question.by, conditions.sql, holders), values: conditions.values };
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

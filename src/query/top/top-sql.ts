import type { Stretch } from '../interface-names.ts';
import { ROLLED, rolledSql, type RolledPart } from './rolled-sql.ts';
import { metricOf, TOP_SHAPES, type TopMetric, type TopOrder, type TopShape, type TopSubject } from './top-subjects.ts';

/** Place holders of a question's values. */
export interface TopHolders {
  readonly limit: string;
  /** Asked for where the shape has details. */
  readonly stretch: () => Stretch;
}

/** What a question reads: flows that fulfil a condition, and rollups. */
export interface TopParts {
  readonly flows: string;
  readonly rollups: readonly RolledPart[];
}

/**
 * The statement: one scan that sums flows by each group and altogether, then the largest of them beside the whole.
 * Sums are float8: a counter near 2^63 times its rate would overflow an int8 and fail the whole question, and numeric is
 * several times slower; up to 2^53 they are exact.
 */
export function topSql(subject: TopSubject, by: TopOrder, { flows, rollups }: TopParts, holders: TopHolders): string {
  const shape = TOP_SHAPES[subject];
  const terms = Object.entries(shape.terms).map(([name, sql]) => `${sql} AS ${name}`);
  const names = Object.keys(shape.terms);
  return `WITH measured AS (
    SELECT ${terms.join(', ')},
      bytes::float8 * coalesce(sampling_rate, 1) AS bytes,
      packets::float8 * coalesce(sampling_rate, 1) AS packets,
      extra ->> 'biflowDirection' IS DISTINCT FROM '2' AS counts,
      sampling_rate IS NULL AS unknown
    FROM flows WHERE ${flows}
  ), flow_sums AS (
    SELECT ${names.join(', ')}, grouping(${names.join(', ')}) = ${2 ** names.length - 1} AS whole,
      ${shape.first ?? 'false'} AS first,
      coalesce(sum(bytes), 0) AS bytes, coalesce(sum(packets), 0) AS packets,
      (count(*) FILTER (WHERE counts))::float8 AS flows, (count(*) FILTER (WHERE counts AND unknown))::float8 AS unknown
    FROM measured GROUP BY GROUPING SETS (${shape.groups.map((group) => `(${group})`).join(', ')}, ())
  )${summedParts(subject, metricOf(by), rollups)}, answers AS (
    ${answersSql(shape, metricOf(by))}
  ), ranked AS (
    ${rankedSql(shape, by, holders)}
  )
  SELECT to_json(ranked) AS top, whole.bytes, whole.packets, whole.flows, whole.unknown${rollups.length > 0 ? ', doubt.*' : ''}
  FROM (
    SELECT sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows, sum(unknown) AS unknown FROM sums WHERE whole
  ) AS whole ${rollups.length > 0 ? `CROSS JOIN (${doubtSql(shape, subject, by, holders)}) AS doubt` : ''} LEFT JOIN ranked ON true
  ORDER BY ranked.rank`;
}

/** `sums` of flows and rollups together. */
function summedParts(subject: TopSubject, metric: TopMetric, rollups: readonly RolledPart[]): string {
  if (rollups.length === 0) return ', sums AS (SELECT *, 0::float8 AS sure, 0::float8 AS credit FROM flow_sums)';
  return `, ${rolledSql(subject, TOP_SHAPES[subject], metric, rollups)}, sums AS (
    SELECT *, 0::float8 AS sure, 0::float8 AS credit FROM flow_sums UNION ALL SELECT * FROM rolled
  )`;
}

/** How many remainders there are, the most that they have of one key, and the most that any answer may have that is not shown. */
function doubtSql(shape: TopShape, subject: TopSubject, by: TopOrder, { limit }: TopHolders): string {
  const metric = metricOf(by);
  const keys = ROLLED[subject].keysOfAnswer ?? 1;
  return `SELECT rests.*, (SELECT max(o.${metric} + o.credit + ${keys} * rests.hidden) FROM (
      SELECT * FROM answers ORDER BY ${[`${metric} DESC`, ...Object.keys(shape.keys)].join(', ')} OFFSET ${limit}
    ) AS o) AS others
    FROM (SELECT count(*)::float8 AS rests, coalesce(sum(hidden), 0)::float8 AS hidden FROM rests) AS rests`;
}

/** One row for each of the subject. */
function answersSql({ keys, join = '' }: TopShape, metric: TopMetric): string {
  const columns = Object.entries(keys).map(([name, sql]) => `${sql} AS ${name}`);
  const places = columns.map((_, index) => index + 1).join(', ');
  const side = (value: string, which: string) => `coalesce(sum(s.${value}) FILTER (WHERE ${which}), 0)`;
  return `SELECT ${columns.join(', ')}, sum(s.bytes) AS bytes, sum(s.packets) AS packets, sum(s.flows) AS flows,
      sum(s.unknown) AS unknown_sampling, sum(s.sure) AS sure, sum(s.credit) AS credit,
      ${side(metric, 's.first')} AS first_side, ${side(metric, 'NOT s.first')} AS second_side,
      ${side('bytes', 's.first')} AS first_bytes, ${side('bytes', 'NOT s.first')} AS second_bytes
    FROM sums s ${join} WHERE NOT s.whole GROUP BY ${places}`;
}

/** The first of them, with their details: these are looked up for all only where they decide the order. */
function rankedSql({ keys, details }: TopShape, by: TopOrder, { limit, stretch }: TopHolders): string {
  const ties = Object.keys(keys);
  const columns = Object.entries(details?.columns ?? {}).map(([name, sql]) => `, ${sql} AS ${name}`);
  const detailed = (rows: string) => `SELECT r.*${columns.join('')} FROM ${rows} r ${details?.join(stretch()) ?? ''}`;
  const first = (rows: string, order: readonly string[]) =>
    `SELECT *, row_number() OVER (ORDER BY ${order.join(', ')}) AS rank FROM ${rows} o ORDER BY rank LIMIT ${limit}`;
  if (by !== 'utilisation') {
    const largest = first('answers', [`${by} DESC`, ...ties]);
    return details === undefined ? largest : detailed(`(${largest})`);
  }
  const busiest = 'greatest(first_bytes, second_bytes) / nullif(speed, 0) DESC NULLS LAST';
  return first(`(${detailed('answers')})`, [busiest, 'bytes DESC', ...ties]);
}

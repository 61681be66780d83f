const KEYS = ['number', 'application_id', 'src_addr', 'dst_addr', 'protocol', 'port'];
const SUMS = ['flows', 'counted_flows', 'unknown_sampling', 'bytes', 'packets', 'scaled_bytes', 'scaled_packets'];
/** What a key may have hidden, and the sum that bounds it. */
const HIDDEN = {
  hidden_bytes: 'scaled_bytes',
  hidden_packets: 'scaled_packets',
  hidden_flows: 'counted_flows',
} as const;

const summed = SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ');
const keys = KEYS.join(', ');
const each = (make: (hidden: string, sum: string) => string): string =>
  Object.entries(HIDDEN)
    .map(([hidden, sum]) => `${make(hidden, sum)} AS ${hidden}`)
    .join(', ');

/**
 * The bucket of `table` that starts at $1 and is `width` long, from those of `from`: of each exporter and dimension the largest keys ($2
 * of conversations, hosts and applications, $3 of others), all else as one remainder. A key may have hidden what it may have hidden in each
 * finer bucket: where it has a row what that says, where it has none what the remainder says.
 */
export function coarserSql(table: string, from: string, width: string): string {
  const range = `bucket >= $1::timestamptz AND bucket < $1::timestamptz + interval '${width}'`;
  return `WITH rests AS MATERIALIZED (
    SELECT bucket, exporter, dimension, ${SUMS.join(', ')}, ${Object.keys(HIDDEN).join(', ')} FROM ${from} WHERE ${range} AND is_remainder
  ), hidden AS (
    SELECT exporter, dimension, ${summed}, ${each((hidden) => `sum(${hidden})`)} FROM rests GROUP BY exporter, dimension
  ), grouped AS (
    SELECT f.exporter, f.dimension, ${KEYS.map((key) => `f.${key}`).join(', ')},
      ${SUMS.map((name) => `sum(f.${name}) AS ${name}`).join(', ')},
      ${each((hidden) => `coalesce(sum(f.${hidden}), 0) - coalesce(sum(r.${hidden}), 0)`)},
      count(*) FILTER (WHERE r.bucket IS NOT NULL AND f.hidden_flows IS NULL) AS sure
    FROM ${from} f LEFT JOIN rests r ON r.bucket = f.bucket AND r.exporter = f.exporter AND r.dimension = f.dimension
    WHERE f.${range.replace('AND bucket', 'AND f.bucket')} AND NOT f.is_remainder
    GROUP BY f.exporter, f.dimension, ${KEYS.map((key) => `f.${key}`).join(', ')}
  ), rest_counts AS (
    SELECT exporter, dimension, count(*) AS rests FROM rests GROUP BY exporter, dimension
  ), ranked AS (
    SELECT g.exporter, g.dimension, ${KEYS.map((key) => `g.${key}`).join(', ')}, ${SUMS.map((name) => `g.${name}`).join(', ')},
      ${each((hidden) => `CASE WHEN g.sure < c.rests THEN g.${hidden} + h.${hidden} END`)},
      row_number() OVER (
        PARTITION BY g.exporter, g.dimension ORDER BY g.scaled_bytes DESC NULLS LAST, g.flows DESC, ${KEYS.map((key) => `g.${key}`).join(', ')}
      ) > CASE WHEN g.dimension IN ('application', 'conversation', 'source', 'destination') THEN $2::int8 ELSE $3::int8 END AS is_small
    FROM grouped g LEFT JOIN hidden h USING (exporter, dimension) LEFT JOIN rest_counts c USING (exporter, dimension)
  ), small AS (
    SELECT exporter, dimension, ${SUMS.join(', ')},
      ${each((hidden, sum) => `coalesce(${sum}, 0) + coalesce(${hidden}, 0)`)} FROM ranked WHERE is_small
    UNION ALL SELECT exporter, dimension, ${SUMS.join(', ')}, ${Object.keys(HIDDEN).join(', ')} FROM hidden
  )
  INSERT INTO ${table} (bucket, is_remainder, exporter, dimension, ${keys}, ${SUMS.join(', ')}, ${Object.keys(HIDDEN).join(', ')})
  SELECT $1::timestamptz, false, exporter, dimension, ${keys}, ${SUMS.join(', ')}, ${Object.keys(HIDDEN).join(', ')}
  FROM ranked WHERE NOT is_small
  UNION ALL
  SELECT $1::timestamptz, true, exporter, dimension, ${KEYS.map(() => 'NULL').join(', ')}, ${summed}, ${each((hidden) => `max(${hidden})`)}
  FROM small GROUP BY exporter, dimension`;
}

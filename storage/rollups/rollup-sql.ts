const KEYS = 'exporter, dimension, number, application_id, src_addr, dst_addr, protocol, dst_port';
const SUMS = 'bytes, packets, scaled_bytes, scaled_packets, flows';
const SUMMED = SUMS.split(', ')
  .map((name) => `sum(${name}) AS ${name}`)
  .join(', ');

/** The keys of each dimension, by its name: expressions over `flows`, of the columns that it fills. */
const DIMENSIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  total: {},
  ingress: { number: 'in_if' },
  egress: { number: 'out_if' },
  application: { application_id: 'application_id' },
  protocol: { number: 'protocol' },
  src_as: { number: 'src_as' },
  dst_as: { number: 'dst_as' },
  dscp: { number: '(tos >> 2)' },
  conversation: { src_addr: 'src_addr', dst_addr: 'dst_addr', protocol: 'protocol', dst_port: 'dst_port' },
  source: { src_addr: 'src_addr' },
  destination: { dst_addr: 'dst_addr' },
};

const TYPES: Readonly<Record<string, string>> = {
  number: 'int8',
  application_id: 'text',
  src_addr: 'inet',
  dst_addr: 'inet',
  protocol: 'int2',
  dst_port: 'int4',
};

/** The minute that starts at $1, of which the largest $2 conversations and hosts are kept: one scan of its rows. */
export function minuteSql(): string {
  const branches = Object.entries(DIMENSIONS).map(([dimension, keys]) => {
    const columns = Object.entries(TYPES).map(([name, type]) => `${keys[name] ?? 'NULL'}::${type} AS ${name}`);
    const groups = ['exporter', ...Object.values(keys)].join(', ');
    return `SELECT exporter, '${dimension}'::text AS dimension, ${columns.join(', ')}, ${SUMMED} FROM base GROUP BY ${groups}`;
  });
  return `WITH base AS MATERIALIZED (
    SELECT exporter, in_if, out_if, application_id, protocol, src_as, dst_as, tos, src_addr, dst_addr, dst_port,
      sum(bytes) AS bytes, sum(packets) AS packets,
      sum(scaled_bytes) AS scaled_bytes, sum(scaled_packets) AS scaled_packets, count(*) AS flows
    FROM flows_scaled WHERE received_at >= $1::timestamptz AND received_at < $1::timestamptz + interval '1 minute'
    GROUP BY exporter, in_if, out_if, application_id, protocol, src_as, dst_as, tos, src_addr, dst_addr, dst_port
  ), grouped AS (${branches.join(' UNION ALL ')})
  ${largestSql('flows_1m')}`;
}

/**
 * The bucket of `table` that starts at $1 and is `width` long, from its minutes, with $2 as above. What a minute has in its remainder
 * stays in the remainder.
 */
export function coarserSql(table: string, width: string): string {
  return `WITH grouped AS (
    SELECT ${KEYS}, ${SUMMED} FROM flows_1m
    WHERE bucket >= $1::timestamptz AND bucket < $1::timestamptz + interval '${width}' AND NOT is_remainder
    GROUP BY ${KEYS}
  ), hidden AS (
    SELECT exporter, dimension, ${SUMMED} FROM flows_1m
    WHERE bucket >= $1::timestamptz AND bucket < $1::timestamptz + interval '${width}' AND is_remainder
    GROUP BY exporter, dimension
  ) ${largestSql(table, `UNION ALL SELECT exporter, dimension, ${SUMS} FROM hidden`)}`;
}

/** Puts `grouped` into `table`: the largest by scaled bytes, the others as one remainder of exporter and dimension. */
function largestSql(table: string, hidden = ''): string {
  const ranked = `, ranked AS (
    SELECT *, dimension IN ('conversation', 'source', 'destination') AND row_number() OVER (
      PARTITION BY exporter, dimension
      ORDER BY scaled_bytes DESC NULLS LAST, flows DESC, src_addr, dst_addr, protocol, dst_port
    ) > $2::int8 AS is_small FROM grouped
  ), others AS (
    SELECT exporter, dimension, ${SUMMED}
    FROM (SELECT exporter, dimension, ${SUMS} FROM ranked WHERE is_small ${hidden}) AS small GROUP BY exporter, dimension
  )`;
  return `${ranked} INSERT INTO ${table} (bucket, is_remainder, ${KEYS}, ${SUMS})
    SELECT $1::timestamptz, false, ${KEYS}, ${SUMS} FROM ranked WHERE NOT is_small
    UNION ALL
    SELECT $1::timestamptz, true, exporter, dimension, NULL, NULL, NULL, NULL, NULL, NULL, ${SUMS} FROM others`;
}

import type { TopMetric, TopShape, TopSubject } from './top-subjects.ts';

/** How a subject is made of rows of a rollup: what its terms are in the rows of a dimension. */
interface RolledShape {
  readonly dimension: string;
  readonly terms: Readonly<Record<string, string>>;
  readonly first: string;
}

/** Of each subject: its dimensions, and of how many keys of one dimension an answer can be made; undefined: nobody knows. */
interface RolledSubject {
  readonly shapes: readonly RolledShape[];
  readonly keysOfAnswer: number | undefined;
}

export const ROLLED: Readonly<Record<TopSubject, RolledSubject>> = {
  talkers: {
    shapes: [
      { dimension: 'source', terms: { src: 'src_addr', dst: 'NULL::inet' }, first: 'true' },
      { dimension: 'destination', terms: { src: 'NULL::inet', dst: 'dst_addr' }, first: 'false' },
    ],
    keysOfAnswer: 1,
  },
  conversations: {
    shapes: [
      {
        dimension: 'conversation',
        terms: {
          a: 'CASE WHEN src_addr <= dst_addr THEN src_addr ELSE dst_addr END',
          b: 'CASE WHEN src_addr <= dst_addr THEN dst_addr ELSE src_addr END',
          forward: '(src_addr <= dst_addr) IS TRUE',
        },
        first: '(src_addr <= dst_addr) IS TRUE',
      },
    ],
    keysOfAnswer: 2,
  },
  applications: {
    shapes: [
      {
        dimension: 'application',
        terms: {
          teller: 'CASE WHEN application_id IS NOT NULL THEN exporter END',
          id: 'application_id',
          proto: 'protocol',
          port: 'port',
        },
        first: 'false',
      },
    ],
    // Several ids may have one name.
    keysOfAnswer: undefined,
  },
  interfaces: {
    shapes: [
      { dimension: 'ingress', terms: { exporter: 'exporter', in_if: 'number', out_if: 'NULL::int8' }, first: 'true' },
      { dimension: 'egress', terms: { exporter: 'exporter', in_if: 'NULL::int8', out_if: 'number' }, first: 'false' },
    ],
    keysOfAnswer: 1,
  },
  exporters: {
    shapes: [{ dimension: 'total', terms: { exporter: 'exporter' }, first: 'false' }],
    keysOfAnswer: 1,
  },
};

const AMOUNTS = `coalesce(scaled_bytes, 0)::float8 AS bytes, coalesce(scaled_packets, 0)::float8 AS packets,
  counted_flows::float8 AS flows, unknown_sampling::float8 AS unknown`;

/** One rollup and the condition on its rows. */
export interface RolledPart {
  readonly table: string;
  readonly where: string;
}

/**
 * Common table expressions: `rests`, the remainders of the subject's dimensions, and `rolled`, rows in the shape of the sums over flows.
 * No two parts have the same time. `sure` is 1 where there is a remainder that has nothing of the key, `credit` what the key lacks of the most that it may have.
 */
export function rolledSql(
  subject: TopSubject,
  { terms }: TopShape,
  by: TopMetric,
  parts: readonly RolledPart[],
): string {
  const { shapes } = ROLLED[subject];
  const dimensions = shapes.map(({ dimension }) => `'${dimension}'`).join(', ');
  const rests = parts.map(
    ({ table, where }) => `SELECT bucket, exporter, dimension, hidden_${by}::float8 AS hidden
      FROM ${table} WHERE ${where} AND is_remainder AND dimension IN (${dimensions})`,
  );
  const keyed = parts.flatMap(({ table, where }) =>
    shapes.map((shape) => {
      const columns = Object.keys(terms).map((name) => `${shape.terms[name]} AS ${name}`);
      return `SELECT ${columns.join(', ')}, false AS whole, ${shape.first} AS first, ${AMOUNTS},
        (r.bucket IS NOT NULL AND hidden_flows IS NULL)::int::float8 AS sure,
        coalesce(hidden_${by}, 0)::float8 - coalesce(r.hidden, 0) AS credit
      FROM (SELECT * FROM ${table} WHERE ${where} AND dimension = '${shape.dimension}' AND NOT is_remainder) f
        LEFT JOIN rests r USING (bucket, exporter, dimension)`;
    }),
  );
  const nulls = Object.keys(terms).map(() => 'NULL');
  const whole = parts.map(
    ({ table, where }) => `SELECT ${nulls.join(', ')}, true, false, coalesce(sum(scaled_bytes), 0)::float8,
        coalesce(sum(scaled_packets), 0)::float8, coalesce(sum(counted_flows), 0)::float8, coalesce(sum(unknown_sampling), 0)::float8, 0, 0
      FROM ${table} WHERE ${where} AND dimension = 'total'`,
  );
  return `rests AS MATERIALIZED (${rests.join(' UNION ALL ')}), rolled AS (${[...keyed, ...whole].join(' UNION ALL ')})`;
}

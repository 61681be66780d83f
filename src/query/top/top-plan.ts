import type { DatabaseClient } from '../../../storage/database/database.ts';
import { listPartitions } from '../../../storage/database/partitions.ts';
import type { TimeRange } from '../time-range.ts';

const MINUTE_MS = 60_000;

/** Rollups from the coarsest on, by what people call them. */
export const ROLLUPS = [
  { level: '1h', table: 'flows_1h', widthMs: 60 * MINUTE_MS },
  { level: '10m', table: 'flows_10m', widthMs: 10 * MINUTE_MS },
  { level: '1m', table: 'flows_1m', widthMs: MINUTE_MS },
] as const;
type Rollup = (typeof ROLLUPS)[number];
export type RollupLevel = Rollup['level'];

/** Milliseconds since the Unix epoch; `to` is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What comes from where: no time is in two of them. */
export interface TopPlan {
  readonly rollups: readonly { readonly rollup: Rollup; readonly spans: readonly Span[] }[];
  readonly flows: readonly Span[];
}

/** All from flows. */
export function flowsAlone({ from, to }: TimeRange): TopPlan {
  return { rollups: [], flows: [{ from: from.getTime(), to: to.getTime() }] };
}

/**
 * Divides a range: whole buckets of the coarsest of `levels` first, then finer ones at its edges; what no rollup covers, and minutes with
 * batches that are not folded yet, come from flows. Its transaction must be that of the question, or both see other rows.
 */
export async function planTop(
  client: DatabaseClient,
  range: TimeRange,
  levels: readonly RollupLevel[],
): Promise<TopPlan> {
  const covered = await coveredSpans(client, range);
  const due = await dueBuckets(client, range);
  let left: Span[] = [{ from: range.from.getTime(), to: range.to.getTime() }];
  const rollups: { rollup: Rollup; spans: Span[] }[] = [];
  for (const rollup of ROLLUPS) {
    if (!levels.includes(rollup.level)) continue;
    const [oldest] = await listPartitions(client, rollup.table);
    if (oldest === undefined) continue;
    const start = oldest.lower / 1000;
    const isUsable = (bucket: number) =>
      bucket >= start &&
      !due.has(`${rollup.table} ${bucket}`) &&
      covered.some(({ from, to }) => from <= bucket && bucket + rollup.widthMs <= to);
    const spans = left.flatMap((span) => wholeBuckets(span, rollup.widthMs, isUsable));
    if (spans.length === 0) continue;
    rollups.push({ rollup, spans });
    left = without(left, spans);
  }
  return { rollups, flows: left };
}

/** Stretches of whole minutes whose flows are all in the rollups. */
async function coveredSpans(client: DatabaseClient, range: TimeRange): Promise<Span[]> {
  const { rows } = await client.query<{ covered: boolean; from: string; to: string }>(
    `WITH asked AS (SELECT $1::timestamptz - interval '1 minute' AS "from", $2::timestamptz AS "to"), islands AS (
      SELECT min(minute) AS "from", max(minute) + interval '1 minute' AS "to" FROM (
        SELECT minute, minute - row_number() OVER (ORDER BY minute) * interval '1 minute' AS island
        FROM rollup_minutes, asked WHERE minute >= asked.from AND minute < asked.to
      ) AS minutes GROUP BY island
    ), spans AS (
      SELECT true AS covered, "from", "to" FROM islands
      UNION ALL
      SELECT true, greatest(since, asked.from), least(coalesce(until, asked.to), asked.to) FROM rollup_stretches, asked
      WHERE since < asked.to AND coalesce(until, asked.to) > asked.from
      UNION ALL
      SELECT false, coalesce(earliest, asked.from), coalesce(latest, asked.to) FROM batches, asked
      WHERE NOT folded AND table_name = 'flows' AND coalesce(latest, asked.to) >= asked.from AND coalesce(earliest, asked.from) < asked.to
    )
    SELECT covered, extract(epoch FROM "from") * 1000 AS "from", extract(epoch FROM "to") * 1000 AS "to" FROM spans ORDER BY "from"`,
    [range.from, range.to],
  );
  const spans = rows.map((row) => ({ covered: row.covered, from: Number(row.from), to: Number(row.to) }));
  const minutes = spans.filter(({ covered }) => covered).map(({ from, to }) => inwards(from, to));
  const dirty = spans.filter(({ covered }) => !covered).map(({ from, to }) => outwards(from, to));
  return without(merged(minutes), merged(dirty));
}

async function dueBuckets(client: DatabaseClient, range: TimeRange): Promise<Set<string>> {
  const { rows } = await client.query<{ rollup: string; micros: string }>(
    `SELECT rollup, extract(epoch FROM bucket) * 1000 AS micros FROM rollup_due
     WHERE bucket > $1::timestamptz - interval '1 hour' AND bucket < $2`,
    [range.from, range.to],
  );
  return new Set(rows.map(({ rollup, micros }) => `${rollup} ${Number(micros)}`));
}

function inwards(from: number, to: number): Span {
  return { from: Math.ceil(from / MINUTE_MS) * MINUTE_MS, to: Math.floor(to / MINUTE_MS) * MINUTE_MS };
}

/** `to` is the last arrival, so that its minute belongs to it. */
function outwards(from: number, to: number): Span {
  return { from: Math.floor(from / MINUTE_MS) * MINUTE_MS, to: (Math.floor(to / MINUTE_MS) + 1) * MINUTE_MS };
}

function wholeBuckets({ from, to }: Span, width: number, isUsable: (bucket: number) => boolean): Span[] {
  const spans: Span[] = [];
  for (let bucket = Math.ceil(from / width) * width; bucket + width <= to; bucket += width)
    if (isUsable(bucket)) spans.push({ from: bucket, to: bucket + width });
  return merged(spans);
}

/** Those that touch are one. */
function merged(spans: readonly Span[]): Span[] {
  const all: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (from >= to) continue;
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
}

/** What is left of `spans` without `others`; both in order, without overlaps. */
function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  return spans.flatMap((span) => {
    const left: Span[] = [];
    let { from } = span;
    for (const other of others) {
      if (other.to <= from || other.from >= span.to) continue;
      if (other.from > from) left.push({ from, to: other.from });
      from = other.to;
    }
    if (from < span.to) left.push({ from, to: span.to });
    return left;
  });
}

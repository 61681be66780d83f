import type { DatabaseClient } from '../../storage/database/database.ts';
import type { TimeRange } from './time-range.ts';

/** An event as operators look at it. */
export interface EventLine {
  /** In the order in which they were stored. */
  readonly id: number;
  readonly uid: string;
  /** ISO 8601. */
  readonly at: string;
  readonly pair: string;
  readonly node: string;
  readonly epoch: number;
  readonly kind: string;
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** When operators had been told, or it was found that they need not be; ISO 8601. */
  readonly notifiedAt: string | null;
}

export interface EventQuestion {
  readonly range: TimeRange;
  /** Empty: all. */
  readonly kinds: readonly string[];
  /** Only those that were stored behind this one. */
  readonly afterId?: number;
}

const MAX_EVENTS = 10_000;
const SELECT = `
  SELECT id::float8 AS id, uid, at, pair, node, epoch::float8 AS epoch, kind, summary, details, notified_at
  FROM ha_events
  WHERE at >= $1 AND at < $2 AND (cardinality($3::text[]) = 0 OR kind = ANY ($3)) AND id > $4
  ORDER BY id DESC LIMIT ${MAX_EVENTS}`;

/** Events of a stretch of time, of all pairs and nodes of the database; the latest 10,000, the oldest first. */
export async function askEvents(
  client: DatabaseClient,
  { range, kinds, afterId = 0 }: EventQuestion,
): Promise<EventLine[]> {
  const { rows } = await client.query<Omit<EventLine, 'at' | 'notifiedAt'> & { at: Date; notified_at: Date | null }>(
    SELECT,
    [range.from, range.to, kinds, afterId],
  );
  return rows.toReversed().map(({ notified_at: notified, at, ...rest }) => ({
    ...rest,
    at: at.toISOString(),
    notifiedAt: notified?.toISOString() ?? null,
  }));
}

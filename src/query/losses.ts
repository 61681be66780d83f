import type { DatabaseClient } from '../../storage/database/database.ts';
import { DogwatchError } from '../runtime/errors.ts';
import type { TimeRange } from './time-range.ts';

export const LOSS_FAMILIES = ['flow', 'syslog', 'snmp'] as const;
export type LossFamily = (typeof LOSS_FAMILIES)[number];

export interface LossQuestion {
  readonly range: TimeRange;
  /** Addresses or prefixes; empty: all. */
  readonly senders: readonly string[];
  readonly family: LossFamily | undefined;
  /** A line for each sender, or for each minute. */
  readonly by: 'sender' | 'minute';
}

/** What became of what a sender sent, or of what came in a minute. Units as in the table `losses`. */
export interface LossLine {
  /** An address; of a question by minute its start, ISO 8601. */
  readonly key: string;
  readonly family: LossFamily;
  readonly datagrams: number;
  /** In the unit of the protocol's sequence numbers; null where it has none. */
  readonly sent: number | null;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly restarts: number;
  /** An estimate. */
  readonly kernelDrops: number;
  readonly undecodable: number;
  /** What is in `undecodable`, by its reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly held: number;
  readonly heldDecoded: number;
  readonly heldExpired: number;
  readonly rows: number;
  readonly filtered: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly stored: number;
  /** Rows that are on their way, or in minutes that are not counted yet. */
  readonly waiting: number;
}

const FIELDS = [
  'datagrams',
  'received',
  'lost',
  'duplicates',
  'reordered',
  'restarts',
  'kernel_drops',
  'undecodable',
  'held',
  'held_decoded',
  'held_expired',
  'rows',
  'filtered',
  'dropped',
  'rejected',
  'stored',
] as const;

type LossSums = Record<(typeof FIELDS)[number], number> & {
  readonly key: string;
  readonly family: LossFamily;
  readonly reasons: Record<string, number> | null;
};

/**
 * The loss ledger of a stretch of time, whole minutes; the worst first, or in the order of time.
 * @throws DogwatchError `USAGE` for a sender that is no address or prefix
 */
export async function askLosses(client: DatabaseClient, question: LossQuestion): Promise<LossLine[]> {
  const { range, senders, family, by } = question;
  const key = by === 'sender' ? 'host(sender)' : `to_char(minute AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  // What came late in a later minute makes single minutes negative: sums of a stretch are what counts.
  const sums = FIELDS.map((field) => `sum(${field})::float8 AS ${field}`).join(', ');
  const reasons = `(SELECT jsonb_object_agg(reason, count) FROM why WHERE why.key = chosen.key AND why.family = chosen.family)`;
  const order =
    by === 'sender' ? 'sum(greatest(lost, 0) + dropped + rejected + held_expired) DESC, sum(rows) DESC' : '1';
  const { rows } = await client
    .query<LossSums>(
      `WITH chosen AS (
         SELECT ${key} AS key, * FROM losses
         WHERE minute >= date_trunc('minute', $1::timestamptz) AND minute < $2
           AND ($3::text IS NULL OR family = $3) AND (cardinality($4::inet[]) = 0 OR sender <<= ANY ($4::inet[]))
       ), why AS (
         SELECT key, family, reason, sum(count::int8) AS count
         FROM chosen, jsonb_each_text(reasons) AS each (reason, count)
         WHERE reasons <> '{}' GROUP BY key, family, reason
       )
       SELECT key, family, ${sums}, ${reasons} AS reasons
       FROM chosen GROUP BY key, family ORDER BY ${order}, 1, 2`,
      [range.from, range.to, family ?? null, senders],
    )
    .catch((error: unknown) => {
      if (!isBadAddress(error)) throw error;
      throw new DogwatchError('USAGE', `not an address or prefix: ${senders.join(', ')}`);
    });
  return rows.map(lineOf);
}

function lineOf(sums: LossSums): LossLine {
  const { key, family, datagrams, received, duplicates, reordered, restarts, undecodable, held, rows } = sums;
  const { filtered, dropped, rejected, stored } = sums;
  const lost = Math.max(0, sums.lost);
  return {
    key,
    family,
    datagrams,
    sent: received + lost === 0 ? null : received + lost,
    lost,
    duplicates: Math.max(0, duplicates),
    reordered: Math.max(0, reordered),
    restarts: Math.max(0, restarts),
    kernelDrops: sums.kernel_drops,
    undecodable,
    reasons: sums.reasons ?? {},
    held,
    heldDecoded: sums.held_decoded,
    heldExpired: sums.held_expired,
    rows,
    filtered,
    dropped,
    rejected,
    stored,
    waiting: Math.max(0, rows - filtered - dropped - rejected - stored),
  };
}

function isBadAddress(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '22P02';
}

/** What share of what a sender sent is gone on the way to us; undefined where nobody counts. */
export function lostShare({ sent, lost }: Pick<LossLine, 'sent' | 'lost'>): number | undefined {
  return sent === null ? undefined : lost / sent;
}

/** A gap that a question about flows should be seen beside. */
export interface Gap {
  readonly exporter: string;
  /** Of what it sent, 0 to 1. */
  readonly lostShare: number;
  /** Rows that were received and are gone. */
  readonly rowsLost: number;
  /** Rows that the database refused. */
  readonly rowsRejected: number;
  /** Sets whose template did not come in time: nobody knows how many flows were in them. */
  readonly setsExpired: number;
  /** Datagrams, sets and records that could not be read. */
  readonly undecodable: number;
}

const LEAST_SHARE = 0.001;

/**
 * Exporters of whose flows more than a thousandth is missing in a stretch of time, for whatever reason, the worst first.
 * @param exporters addresses or prefixes; empty: all
 * @throws as `askLosses`
 */
export async function askGaps(client: DatabaseClient, range: TimeRange, exporters: readonly string[]): Promise<Gap[]> {
  const lines = await askLosses(client, { range, senders: exporters, family: 'flow', by: 'sender' });
  return lines.flatMap((line) => {
    const { key: exporter, rows, datagrams, dropped, rejected, heldExpired, undecodable } = line;
    const worth = (value: number, whole: number): number => (value > whole * LEAST_SHARE ? value : 0);
    const share = lostShare(line) ?? 0;
    const gap: Gap = {
      exporter,
      lostShare: share >= LEAST_SHARE ? share : 0,
      rowsLost: worth(dropped, rows),
      rowsRejected: worth(rejected, rows),
      setsExpired: worth(heldExpired, datagrams),
      undecodable: worth(undecodable, datagrams),
    };
    const { exporter: _, ...amounts } = gap;
    return Object.values(amounts).some((amount) => amount > 0) ? [gap] : [];
  });
}

import type { OpenSession } from '../../../ha/heartbeat/sql-session.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import { withTimeout } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import type { EventLog } from './event-log.ts';
import { openWithin } from '../sessions.ts';

const MEASURE_AFTER_MS = 15_000;
/** The minute of the gap and the next are in the loss ledger by then. */
const COUNT_AFTER_MS = 150_000;
const ANSWER_MS = 10_000;
const SHOWN_SENDERS = 20;

/** Batches of the last minutes: what the other node had stored before we listened, and what came first afterwards. */
const MEASURE = `
  SELECT max(latest) FILTER (WHERE earliest < $1) AS last, min(earliest) FILTER (WHERE earliest >= $1) AS first
  FROM batches
  WHERE committed_at > $1 - interval '5 minutes' AND table_name IN ('flows', 'syslog_messages', 'snmp_traps')`;
const COUNT = `
  SELECT host(sender) AS sender, family, sum(lost)::int8 AS lost
  FROM losses
  WHERE minute BETWEEN date_trunc('minute', $1::timestamptz - interval '1 minute') AND $1::timestamptz + interval '1 minute'
  GROUP BY sender, family HAVING sum(lost) > 0
  ORDER BY 3 DESC LIMIT ${SHOWN_SENDERS}`;

/**
 * Measures each takeover afterwards: how long nothing was stored, and what the exporters' own sequence numbers say was lost.
 *
 *   opened() ──15 s──▶ event "gap": last before, first after ──150 s──▶ event "gap": lost, by sender, where anything was
 */
export class GapWatch {
  readonly #open: OpenSession;
  readonly #events: EventLog;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancels: (() => void)[] = [];

  constructor(open: OpenSession, events: EventLog, clock: Clock, log: Log) {
    this.#open = open;
    this.#events = events;
    this.#clock = clock;
    this.#log = log;
  }

  /** This node has begun to listen, and another did before. @param peerAheadMs the peer's wall clock before ours */
  opened(epoch: number, peerAheadMs: number): void {
    this.stop();
    const at = new Date(this.#clock.nowMicros() / 1000);
    this.#later(MEASURE_AFTER_MS, () => this.#measure(at, epoch, peerAheadMs));
    this.#later(COUNT_AFTER_MS, () => this.#count(at, epoch));
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #later(ms: number, step: () => Promise<void>): void {
    const cancel = this.#clock.after(ms, () => {
      step().catch((error: unknown) => this.#log.info({ error: messageOf(error) }, 'the gap cannot be measured'));
    });
    this.#cancels.push(cancel);
  }

  async #measure(at: Date, epoch: number, peerAheadMs: number): Promise<void> {
    const [{ last, first } = {}] = await this.#query(MEASURE, at);
    if (!(last instanceof Date) || !(first instanceof Date)) return;
    const gapMs = Math.max(0, Math.round(first.getTime() - last.getTime() + peerAheadMs));
    const details = { gapMs, lastBefore: last.toISOString(), firstAfter: first.toISOString() };
    this.#events.add(
      'gap',
      epoch,
      `nothing was received for ${(gapMs / 1000).toFixed(1)} s around the change of nodes`,
      details,
    );
  }

  async #count(at: Date, epoch: number): Promise<void> {
    const lost = (await this.#query(COUNT, at)).map((row) => ({ ...row, lost: Number(row['lost']) }));
    if (lost.length === 0) return;
    const sum = lost.reduce((total, row) => total + row.lost, 0);
    const summary = `${sum} were lost around the change of nodes, by the sequence numbers of ${lost.length} senders`;
    this.#events.add('gap', epoch, summary, { lost });
  }

  async #query(text: string, at: Date): Promise<readonly Record<string, unknown>[]> {
    const session = await openWithin(this.#open, ANSWER_MS);
    try {
      return (await withTimeout(session.query(text, [at]), ANSWER_MS, 'the database')).rows;
    } finally {
      await session.close();
    }
  }
}

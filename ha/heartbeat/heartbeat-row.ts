import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import { withTimeout } from '../../src/runtime/lifecycle.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Heartbeat, HeartbeatStore } from '../role/ports.ts';
import type { OpenSession, SqlSession } from './sql-session.ts';

export interface HeartbeatRowOptions {
  readonly pair: string;
  /** The longest that a question may take; a late answer is none. */
  readonly answerMs: number;
  /** The longest that sessions of an older epoch may take to end. */
  readonly fenceMs: number;
}

const READ = 'SELECT epoch, holder, session, counter FROM ha_heartbeat WHERE pair = $1';
const REPLACE = `
  UPDATE ha_heartbeat SET epoch = $6, holder = $7, session = $8, counter = $9, beaten_at = clock_timestamp()
  WHERE pair = $1 AND epoch = $2 AND holder = $3 AND session = $4 AND counter = $5`;
const INSERT = `
  INSERT INTO ha_heartbeat (pair, epoch, holder, session, counter) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`;
const END_SESSIONS = `
  SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended, count(*) AS alive
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND substring(application_name FROM '^dogwatch epoch (\\d+) of ' || $1 || '$')::int8 < $2`;
const FENCE_AGAIN_MS = 20;

const NOBODY: Heartbeat = { epoch: 0, holder: '', session: '', counter: 0 };

/** Under this name a session is known to belong to an epoch, and is ended when the epoch is over. */
export function epochName(pair: string, epoch: number): string {
  return `dogwatch epoch ${epoch} of ${pair}`;
}

/**
 * The heartbeat in PostgreSQL: a row a pair, over one connection of its own. A question that is not answered in time ends the
 * connection, so that its late effect cannot be taken for an answer to a later one.
 *
 *   closed ──first question──▶ opening ──▶ open ──no answer in time, or an error of the connection──▶ closed
 */
export class HeartbeatRow implements HeartbeatStore, Component {
  readonly name = 'heartbeat';
  /** Which right the database misses in us; undefined: none, as far as is known. Only who writes knows of the right to. */
  refusal: string | undefined;
  readonly #options: HeartbeatRowOptions;
  readonly #open: OpenSession;
  readonly #openFence: OpenSession;
  #session: Promise<SqlSession> | undefined;
  #isStopped = false;
  /** What was refused. */
  #refused: 'read' | 'replace' | undefined;

  /** @param openFence opens the connection that ends others' sessions: apart, since it may take longer than a beat */
  constructor(options: HeartbeatRowOptions, open: OpenSession, openFence: OpenSession = open) {
    this.#options = options;
    this.#open = open;
    this.#openFence = openFence;
  }

  /** Nothing to wait for: it connects when it is asked something. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#drop();
  }

  async read(): Promise<Heartbeat> {
    const { pair } = this.#options;
    return this.#ask('read', async (session) => heartbeatOf((await session.query(READ, [pair])).rows[0]));
  }

  async replace(seen: Heartbeat, next: Heartbeat): Promise<Heartbeat> {
    const { pair } = this.#options;
    return this.#ask('replace', async (session) => {
      const isFirst = seen.epoch === 0;
      const values = isFirst ? valuesOf(next) : [...valuesOf(seen), ...valuesOf(next)];
      const { rowCount } = await session.query(isFirst ? INSERT : REPLACE, [pair, ...values]);
      // In a statement of its own: the first one saw the row as it was before it waited for somebody else's.
      return rowCount === 1 ? next : heartbeatOf((await session.query(READ, [pair])).rows[0]);
    });
  }

  async fence(epoch: number): Promise<void> {
    const { pair, fenceMs } = this.#options;
    const opened = this.#openFence();
    const close = async (): Promise<void> => (await opened).close();
    try {
      await withTimeout(this.#endSessions(await opened, pair, epoch), fenceMs, 'ending sessions of an older epoch');
    } catch (error) {
      throw unreachable(error);
    } finally {
      close().catch(() => {});
    }
  }

  async #endSessions(session: SqlSession, pair: string, epoch: number): Promise<void> {
    for (;;) {
      const { rows } = await session.query(END_SESSIONS, [pair, epoch]);
      if (Number(rows[0]?.['alive']) === 0) return;
      await new Promise((resolve) => setTimeout(resolve, FENCE_AGAIN_MS));
    }
  }

  async #ask<T>(kind: 'read' | 'replace', question: (session: SqlSession) => Promise<T>): Promise<T> {
    if (this.#isStopped) throw unreachable(new Error('stopped'));
    this.#session ??= this.#open();
    const session = this.#session;
    try {
      const answer = await withTimeout(
        session.then((open) => question(open)),
        this.#options.answerMs,
        'the database',
      );
      if (this.#refused === kind) this.refusal = this.#refused = undefined;
      return answer;
    } catch (error) {
      if (isRefusal(error)) {
        this.#refused = kind;
        this.refusal = `${messageOf(error)} for the role of database.url`;
      }
      if (this.#session === session) void this.#drop();
      throw unreachable(error);
    }
  }

  async #drop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    // It may still be opening.
    await session?.then((open) => open.close()).catch(() => {});
  }
}

/** PostgreSQL's `insufficient_privilege` (appendix A of its manual). */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}

function unreachable(error: unknown): DogwatchError {
  return new DogwatchError('HEARTBEAT_UNREACHABLE', messageOf(error), { cause: error });
}

function valuesOf({ epoch, holder, session, counter }: Heartbeat): (string | number)[] {
  return [epoch, holder, session, counter];
}

function heartbeatOf(row: Record<string, unknown> | undefined): Heartbeat {
  if (row === undefined) return NOBODY;
  const { epoch, holder, session, counter } = row;
  return { epoch: Number(epoch), holder: String(holder), session: String(session), counter: Number(counter) };
}

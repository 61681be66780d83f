import type { OpenSession, SqlSession } from '../../ha/heartbeat/sql-session.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';

/** A revision of the shared settings that is to be stored. */
export interface NewRevision {
  /** Where they were changed. */
  readonly node: string;
  /** Who did it there. */
  readonly account: string;
  readonly digest: string;
  /** What changed, or why. */
  readonly note: string;
  /** YAML, secrets masked. */
  readonly settings: string;
}

// Settings that are those of the latest revision are no new one.
const INSERT = `
  INSERT INTO ha_settings (pair, revision, node, account, digest, note, settings)
  SELECT $1, coalesce(max(revision), 0) + 1, $2, $3, $4, $5, $6 FROM ha_settings WHERE pair = $1
  HAVING (SELECT digest FROM ha_settings WHERE pair = $1 ORDER BY revision DESC LIMIT 1) IS DISTINCT FROM $4`;
const SELECT = `
  SELECT settings FROM ha_settings WHERE pair = $1 AND revision = $2`;
const LATEST = `
  SELECT revision::float8 AS revision FROM ha_settings WHERE pair = $1 ORDER BY revision DESC LIMIT 1`;
const RETRY_MS = 5000;
/** While the database is away; then the oldest go. */
const MAX_WAITING = 100;

/**
 * Keeps the revisions of the shared settings in the database; those of a time without a database are stored when it is back.
 *
 *   add() ─▶ waiting ──stored──▶ gone
 *               └── database away: again after 5 s
 */
export class RevisionStore implements Component {
  readonly name = 'revisions of the settings';
  readonly #pair: string;
  readonly #open: OpenSession;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting: NewRevision[] = [];
  #storing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(pair: string, open: OpenSession, clock: Clock, log: Log) {
    this.#pair = pair;
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#storing;
  }

  add(revision: NewRevision): void {
    this.#waiting.push(revision);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#storeSoon();
  }

  /**
   * @param revision undefined: the one before the latest
   * @returns its number and text; undefined where there is none
   * @throws what the database says
   */
  async find(revision: number | undefined): Promise<{ revision: number; settings: string } | undefined> {
    await this.#storing;
    return this.#with(async (session) => {
      const latest = await session.query(LATEST, [this.#pair]);
      const wanted = revision ?? Number(latest.rows[0]?.['revision'] ?? 0) - 1;
      const { rows } = await session.query(SELECT, [this.#pair, wanted]);
      return rows[0] === undefined ? undefined : { revision: wanted, settings: String(rows[0]['settings']) };
    });
  }

  #storeSoon(): void {
    if (this.#storing !== undefined || this.#isStopped) return;
    this.#cancel?.();
    this.#storing = this.#store()
      .catch((error: unknown) => {
        this.#log.debug({ error: messageOf(error) }, 'a revision of the settings waits for the database');
        if (!this.#isStopped) this.#cancel = this.#clock.after(RETRY_MS, () => this.#storeSoon());
      })
      .finally(() => {
        this.#storing = undefined;
      });
  }

  async #store(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await this.#with(async (session) => {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const { node, account, digest, note, settings } = next;
        await session.query(INSERT, [this.#pair, node, account, digest, note, settings]);
        this.#waiting.shift();
      }
    });
  }

  async #with<T>(use: (session: SqlSession) => Promise<T>): Promise<T> {
    const session = await this.#open();
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  }
}

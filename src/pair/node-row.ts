import type { OpenSession, SqlSession } from '../../ha/heartbeat/sql-session.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import { type Component, withTimeout } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { PairNodeStatus } from './pair-status.ts';
import { openWithin } from './sessions.ts';

const WRITE_EVERY_MS = 5000;
const ANSWER_MS = 3000;

const WRITE = `
  INSERT INTO ha_nodes (pair, node, session, address, version, role, report) VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (pair, node) DO UPDATE SET
    seen_at = clock_timestamp(), session = excluded.session, address = excluded.address, version = excluded.version,
    role = excluded.role, report = excluded.report`;
const OTHER_RUN = `
  SELECT session, address FROM ha_nodes
  WHERE pair = $1 AND node = $2 AND session <> $3 AND seen_at > clock_timestamp() - interval '15 seconds'`;

/**
 * Tells the database every few seconds what this node says of itself, for whoever looks there; and sees whether another machine does so
 * under the same name.
 */
export class NodeRow implements Component {
  readonly name = 'row of this node';
  /** Where another node with our name runs; undefined: nowhere that is known. */
  namesake: string | undefined;
  readonly #pair: string;
  readonly #session: string;
  readonly #status: () => PairNodeStatus;
  readonly #open: OpenSession;
  readonly #clock: Clock;
  readonly #log: Log;
  #connection: SqlSession | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;
  #writes = 0;

  constructor(pair: string, session: string, status: () => PairNodeStatus, open: OpenSession, clock: Clock, log: Log) {
    this.#pair = pair;
    this.#session = session;
    this.#status = status;
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
  }

  start(): Promise<void> {
    this.#later(0);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#connection?.close();
  }

  #later(ms: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(ms, () => {
      this.#write()
        .catch((error: unknown) => {
          this.#log.debug({ error: messageOf(error) }, 'the database is told nothing of this node');
          void this.#connection?.close();
          this.#connection = undefined;
        })
        .finally(() => this.#later(WRITE_EVERY_MS));
    });
  }

  async #write(): Promise<void> {
    this.#connection ??= await openWithin(this.#open, ANSWER_MS);
    const connection = this.#connection;
    const status = this.#status();
    const { node, address, version, role } = status;
    // Our own earlier run was heard a moment ago as well: it is another machine when it goes on.
    if (this.#writes > 0) {
      const { rows } = await withTimeout(
        connection.query(OTHER_RUN, [this.#pair, node, this.#session]),
        ANSWER_MS,
        'it',
      );
      const there = rows[0] === undefined ? undefined : String(rows[0]['address']);
      if (there !== undefined && this.namesake === undefined)
        this.#log.error(
          { node, address: there, remedy: 'give each node of the pair a node.name of its own' },
          'another node has the name of this one',
        );
      this.namesake = there;
    }
    const values = [this.#pair, node, this.#session, address, version, role, JSON.stringify(status)];
    await withTimeout(connection.query(WRITE, values), ANSWER_MS, 'the database');
    this.#writes += 1;
  }
}

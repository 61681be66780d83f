import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { eventOfRow, type PairEvent } from '../pair/events/pair-event.ts';
import type { NodeNow } from './notification-text.ts';

const ANSWER_MS = 10_000;
const FIELDS = 'uid, at, epoch, node, kind, summary, details';
// What is grave goes before what a quiet time may hold back, however much that is.
const PENDING = `
  SELECT ${FIELDS} FROM (
    SELECT * FROM ha_events WHERE pair = $1 AND notified_at IS NULL
    ORDER BY kind IN ('takeover', 'alarm', 'gap') DESC, id LIMIT 500
  ) AS chosen ORDER BY id`;
const UNTOLD = `SELECT ${FIELDS} FROM ha_events WHERE uid = ANY ($1::uuid[]) AND notified_at IS NULL ORDER BY id`;
const MARK = 'UPDATE ha_events SET notified_at = now() WHERE uid = ANY ($1::uuid[]) AND notified_at IS NULL';
const NODES = `
  SELECT node, role, version, report, extract(epoch FROM clock_timestamp() - seen_at)::float8 AS seconds
  FROM ha_nodes WHERE pair = $1 ORDER BY node`;

/** Events of one pair in the database, and which of them operators were told of. Connects when it is first asked. */
export class EventStore {
  readonly #address: DatabaseAddress;
  readonly #pair: string;
  #client: Promise<DatabaseClient> | undefined;

  constructor(address: DatabaseAddress, pair: string) {
    this.#address = { ...address, applicationName: 'dogwatch notifications' };
    this.#pair = pair;
  }

  /** That nobody was told of, in their order. @throws what the database says */
  async pending(): Promise<PairEvent[]> {
    return (await this.#query(PENDING, [this.#pair])).map(eventOfRow);
  }

  /** Those of `uids` that nobody was told of. @throws what the database says */
  async untold(uids: readonly string[]): Promise<PairEvent[]> {
    return (await this.#query(UNTOLD, [uids])).map(eventOfRow);
  }

  /** Operators were told, or need not be. @throws what the database says */
  async mark(uids: readonly string[]): Promise<void> {
    if (uids.length > 0) await this.#query(MARK, [uids]);
  }

  /** What the nodes said of themselves last. @throws what the database says */
  async nodes(): Promise<NodeNow[]> {
    return (await this.#query(NODES, [this.#pair])).map(nodeOf);
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    if (client !== undefined) await disconnect(client);
  }

  async #query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    try {
      this.#client ??= connect(this.#address);
      const client = await this.#client;
      return (await withTimeout(client.query<Record<string, unknown>>(text, [...values]), ANSWER_MS, 'the database'))
        .rows;
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}

/** `report` may be of another version of the program: nothing of it is relied upon. */
function nodeOf({ node, role, version, report, seconds }: Record<string, unknown>): NodeNow {
  const { reason, readiness }: { reason?: unknown; readiness?: unknown } = Object(report);
  const { findings }: { findings?: unknown } = Object(readiness);
  const lacks = (Array.isArray(findings) ? findings : []).flatMap((finding: unknown) => {
    const { name, state, found }: { name?: unknown; state?: unknown; found?: unknown } = Object(finding);
    return state === 'fail' ? [`${String(name)}: ${String(found)}`] : [];
  });
  const saidSecondsAgo = Math.max(0, Math.round(Number(seconds)));
  return {
    node: String(node),
    role: String(role),
    version: String(version),
    saidSecondsAgo,
    reason: typeof reason === 'string' ? reason : '',
    lacks,
  };
}

import type { OpenSession, SqlSession } from '../../../ha/heartbeat/sql-session.ts';
import type { WarmEntry } from '../../../collectors/warm-state.ts';
import { OWNED_KINDS, WARM_LIMITS } from '../../keeper/warm-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import { type Component, withTimeout } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import { openWithin } from '../sessions.ts';

const STORE_EVERY_MS = 5000;
const ANSWER_MS = 5000;
const LOAD_MS = 10_000;
const ENTRIES_A_STATEMENT = 2000;
const ADOPTED_BYTES = 4 << 20;
/** While the database is away; what is beyond is stored when it is told again. */
const MAX_WAITING = 200_000;
const MAX_WAITING_BYTES = 64 << 20;
/** What decoders forget when it is not in use, and tell again every few hours while it is. */
const MAX_AGE = '25 hours';
/** What they keep for good is told once: clocks, engines, names. Bounded all the same. */
const AGELESS_MAX_AGE = '90 days';
const AGELESS: readonly string[] = Object.entries(WARM_LIMITS)
  .filter(([, { maxAgeMs }]) => maxAgeMs === undefined)
  .map(([kind]) => kind);
/** Not for another time: whoever had it has written it, or it is made anew. */
const FLEETING: ReadonlySet<string> = new Set(['flow.held', 'flow.sequence', 'snmp.inform']);

/** Stored at an orderly end alone, and taken out by the next start before anything is decoded: nobody meets it twice. */
const LEFT = [...OWNED_KINDS];

const OLDEST = `now() - CASE WHEN kind = ANY ($2::text[]) THEN interval '${AGELESS_MAX_AGE}' ELSE interval '${MAX_AGE}' END`;
const LOAD = `
  SELECT kind, key, value FROM warm_state
  WHERE owner = $1 AND told_at > ${OLDEST} AND kind <> ALL ($3::text[]) ORDER BY told_at`;
const TAKE_LEFT = `DELETE FROM warm_state WHERE owner = $1 AND kind = ANY ($2::text[]) RETURNING kind, key, value`;
const STORE = `
  INSERT INTO warm_state AS known (owner, kind, key, value)
  SELECT $1, kind, key, value FROM unnest($2::text[], $3::text[], $4::bytea[]) AS told (kind, key, value)
  ON CONFLICT (owner, kind, key) DO UPDATE SET value = excluded.value, told_at = clock_timestamp()`;
/** What the other node told it is as old as it was, where it is stored already. */
const ADOPT = `${STORE} WHERE known.value IS DISTINCT FROM excluded.value`;
const REMOVE = `
  DELETE FROM warm_state USING unnest($2::text[], $3::text[]) AS gone (kind, key)
  WHERE owner = $1 AND warm_state.kind = gone.kind AND warm_state.key = gone.key`;
const EXPIRE = `DELETE FROM warm_state WHERE owner = $1 AND told_at <= ${OLDEST}`;

/**
 * The warm state in the database, for a node that starts and has nobody to ask. Changes gather for a few seconds and go there
 * together; a crash costs these, which the exporters tell again.
 *
 *   load() at the start ─▶ store
 *   changed() ─▶ waiting ──every 5 s──▶ warm_state ──database away──▶ waiting
 *   adopt() ─▶ adopted ──every 5 s, some at a time, before what waits──▶ warm_state
 *   stop(): data that still waits for its template, of a node that is alone
 */
export class WarmArchive implements Component {
  readonly name = 'warm state in the database';
  readonly #owner: string;
  readonly #open: OpenSession;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new Map<string, WarmEntry>();
  /** What is still to be looked through of what this node has taken over, and what of it is on its way. */
  #adopted: Iterator<WarmEntry> | undefined;
  #adopting: WarmEntry[] = [];
  #waitingBytes = 0;
  #session: SqlSession | undefined;
  #storing: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #isStopped = false;
  readonly #left: () => Iterable<WarmEntry>;

  /**
   * @param owner the pair, or the node where it is alone
   * @param left what its workers had for themselves when they ended; nothing where another node has it
   */
  constructor(owner: string, open: OpenSession, clock: Clock, log: Log, left: () => Iterable<WarmEntry> = () => []) {
    this.#left = left;
    this.#owner = owner;
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
  }

  /** What an earlier run of this node, or the other node, knew; nothing where the database does not answer. Never rejects. */
  async load(): Promise<WarmEntry[]> {
    try {
      const rows = await withTimeout(this.#query(LOAD, [this.#owner, AGELESS, LEFT]), LOAD_MS, 'the database');
      await this.#query(EXPIRE, [this.#owner, AGELESS]);
      const left = await this.#query(TAKE_LEFT, [this.#owner, LEFT]);
      return [...rows, ...left].map(({ kind, key, value }) => ({
        kind: String(kind),
        key: String(key),
        value: value instanceof Uint8Array ? value : undefined,
      }));
    } catch (error) {
      this.#log.info(
        { error: messageOf(error) },
        'what decoders had learnt before is not known: the database does not say',
      );
      return [];
    }
  }

  start(): Promise<void> {
    this.#storeLater();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#storing;
    for (const entry of this.#left()) this.#wait(entry);
    await this.#store().catch(() => {});
    await this.#session?.close();
  }

  changed(entries: readonly WarmEntry[]): void {
    for (const entry of entries) {
      if (FLEETING.has(entry.kind)) continue;
      this.#wait(entry);
    }
  }

  /**
   * Stores what the other node had learnt, and perhaps not stored before its end.
   * @param entries looked through bit by bit: a node that takes over has no time for all at once
   */
  adopt(entries: Iterable<WarmEntry>): void {
    this.#adopted = entries[Symbol.iterator]();
  }

  /** A copy waits: what came in a message would hold on to all of its memory. */
  #wait({ kind, key, value }: WarmEntry): void {
    const name = `${kind} ${key}`;
    this.#drop(name);
    const bytes = key.length + (value?.length ?? 0);
    if (this.#waiting.size >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES) return;
    this.#waiting.set(name, { kind, key, value: value && Uint8Array.from(value) });
    this.#waitingBytes += bytes;
  }

  #drop(name: string): void {
    const known = this.#waiting.get(name);
    if (known === undefined) return;
    this.#waiting.delete(name);
    this.#waitingBytes -= known.key.length + (known.value?.length ?? 0);
  }

  #storeLater(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(STORE_EVERY_MS, () => {
      this.#storing = this.#store()
        .catch((error: unknown) => this.#log.debug({ error: messageOf(error) }, 'warm state waits for the database'))
        .then(() => this.#storeLater());
    });
  }

  /** @throws what the database says; what is not stored waits on */
  async #store(): Promise<void> {
    await this.#storeAdopted();
    while (this.#waiting.size > 0) {
      const some = [...this.#waiting].slice(0, ENTRIES_A_STATEMENT);
      const entries = some.map(([, entry]) => entry);
      const known = entries.filter(({ value }) => value !== undefined);
      const gone = entries.filter(({ value }) => value === undefined);
      if (known.length > 0) await this.#query(STORE, [this.#owner, ...namesOf(known), valuesOf(known)]);
      if (gone.length > 0) await this.#query(REMOVE, [this.#owner, ...namesOf(gone)]);
      for (const [name, entry] of some) if (this.#waiting.get(name) === entry) this.#drop(name);
    }
  }

  async #storeAdopted(): Promise<void> {
    for (;;) {
      if (this.#adopting.length === 0) this.#nextAdopted();
      if (this.#adopting.length === 0) return;
      await this.#query(ADOPT, [this.#owner, ...namesOf(this.#adopting), valuesOf(this.#adopting)]);
      this.#adopting = [];
    }
  }

  /** What goes in one statement: some entries, of a few megabytes at most. */
  #nextAdopted(): void {
    let bytes = 0;
    while (this.#adopted !== undefined && this.#adopting.length < ENTRIES_A_STATEMENT && bytes < ADOPTED_BYTES) {
      const { value: entry, done } = this.#adopted.next();
      if (done === true) {
        this.#adopted = undefined;
      } else if (!FLEETING.has(entry.kind)) {
        this.#adopting.push(entry);
        bytes += entry.value?.length ?? 0;
      }
    }
  }

  async #query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    try {
      this.#session ??= await openWithin(this.#open, ANSWER_MS);
      return (await withTimeout(this.#session.query(text, values), ANSWER_MS, 'the database')).rows;
    } catch (error) {
      void this.#session?.close();
      this.#session = undefined;
      throw error;
    }
  }
}

function namesOf(entries: readonly WarmEntry[]): [kinds: string[], keys: string[]] {
  return [entries.map(({ kind }) => kind), entries.map(({ key }) => key)];
}

function valuesOf(entries: readonly WarmEntry[]): Buffer[] {
  return entries.map(({ value }) => Buffer.from(value ?? []));
}

import type { WarmEntry } from '../../collectors/warm-state.ts';
import { ELSEWHERE, inMessages, type WarmKindStatus, type WarmStore } from '../keeper/warm-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { WarmNews } from './pair-words.ts';

/** The other node, as far as warm state goes; both reject where it gives no answer. */
export interface WarmPeer {
  tell(news: WarmNews): Promise<void>;
  digests(): Promise<Readonly<Record<string, WarmKindStatus>>>;
}

const COMPARE_MS = 5000;
/** Changes of a peer that does not answer are forgotten beyond this: digests bring the rest. */
const MAX_PENDING = 100_000;

/**
 * Keeps the other node's copy of the warm state equal to ours. When the link opens, each tells the other what it knows (the other
 * takes what is new to it); from then on the one that listens tells its changes, one message after the other, each acknowledged; every
 * few seconds digests are compared, and a kind that differs is told anew.
 *
 *   apart ──open()──▶ merging ──▶ following: changes ─▶ told ─▶ acknowledged
 *     ▲                              └── digests differ: forget that kind, tell all of it
 *     └── close(), or no answer
 */
export class WarmMirror {
  /** Kinds that differed when they were compared last; undefined: not compared since the link opened. */
  differing: readonly string[] | undefined;
  /** Entries told and taken since the start. */
  readonly totals = { told: 0, taken: 0, resyncs: 0 };
  readonly #store: WarmStore;
  readonly #tellWorkers: (entries: readonly WarmEntry[]) => void;
  readonly #leads: () => boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By kind and key. */
  readonly #pending = new Map<string, WarmEntry>();
  #peer: WarmPeer | undefined;
  #isBusy = false;
  #cancelComparing: (() => void) | undefined;

  /**
   * @param tellWorkers hands what was taken to the decoders
   * @param leads whether what this node knows is what counts: it is the one that listens
   */
  constructor(
    store: WarmStore,
    tellWorkers: (entries: readonly WarmEntry[]) => void,
    leads: () => boolean,
    clock: Clock,
    log: Log,
  ) {
    this.#store = store;
    this.#tellWorkers = tellWorkers;
    this.#leads = leads;
    this.#clock = clock;
    this.#log = log;
  }

  open(peer: WarmPeer): void {
    this.close();
    this.#peer = peer;
    this.#work(peer, () => this.#tellAll(peer));
    this.#compareLater(peer);
  }

  close(): void {
    this.#cancelComparing?.();
    this.#peer = undefined;
    this.#isBusy = false;
    this.#pending.clear();
    this.differing = undefined;
  }

  /** The workers of this node have told something. */
  changed(entries: readonly WarmEntry[]): void {
    if (this.#peer === undefined || !this.#leads()) return;
    for (const entry of entries) this.#pending.set(`${entry.kind} ${entry.key}`, entry);
    if (this.#pending.size > MAX_PENDING) this.#pending.clear();
    this.#goOn(this.#peer);
  }

  /** The other node has told something. */
  heard({ entries, isMerge, forget }: WarmNews): void {
    if (forget !== undefined) this.#store.forget(forget);
    const forWorkers = isMerge === true ? this.#store.merge(entries) : this.#store.take(ELSEWHERE, entries);
    this.totals.taken += entries.length;
    if (forWorkers.length > 0) this.#tellWorkers(forWorkers);
  }

  /** What the other node compares with. */
  digests(): Readonly<Record<string, WarmKindStatus>> {
    return this.#store.status();
  }

  async #tellAll(peer: WarmPeer): Promise<void> {
    for (const entries of inMessages(this.#store.entries())) await this.#tell(peer, { entries, isMerge: true });
  }

  #goOn(peer: WarmPeer): void {
    if (this.#peer === peer && !this.#isBusy && this.#pending.size > 0) this.#work(peer, () => this.#tellPending(peer));
  }

  /** One thing at a time, for each link; what gathers meanwhile follows. */
  #work(peer: WarmPeer, step: () => Promise<void>): void {
    this.#isBusy = true;
    step()
      .catch((error: unknown) => this.#fail(peer, error))
      .finally(() => {
        if (this.#peer !== peer) return;
        this.#isBusy = false;
        this.#goOn(peer);
      });
  }

  async #tellPending(peer: WarmPeer): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const entries of inMessages(pending)) await this.#tell(peer, { entries });
  }

  async #tell(peer: WarmPeer, news: WarmNews): Promise<void> {
    await peer.tell(news);
    this.totals.told += news.entries.length;
  }

  #compareLater(peer: WarmPeer): void {
    this.#cancelComparing = this.#clock.after(COMPARE_MS, () => {
      void this.#compare(peer)
        .catch((error: unknown) => this.#fail(peer, error))
        .finally(() => {
          if (this.#peer === peer) this.#compareLater(peer);
        });
    });
  }

  async #compare(peer: WarmPeer): Promise<void> {
    const theirs = await peer.digests();
    const ours = this.#store.status();
    const kinds = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
    const isEmpty = (kind: string, of: Readonly<Record<string, WarmKindStatus>>): boolean =>
      (of[kind]?.entries ?? 0) === 0;
    this.differing = kinds.filter(
      (kind) => ours[kind]?.digest !== theirs[kind]?.digest && !(isEmpty(kind, ours) && isEmpty(kind, theirs)),
    );
    // What is on its way explains it.
    if (!this.#leads() || this.#pending.size > 0 || this.#isBusy) return;
    const { differing } = this;
    this.#work(peer, async () => {
      for (const kind of differing) await this.#tellAnew(peer, kind);
    });
  }

  async #tellAnew(peer: WarmPeer, kind: string): Promise<void> {
    this.totals.resyncs += 1;
    this.#log.debug({ kind }, 'warm state differs, telling it anew');
    let forget: { forget?: string } = { forget: kind };
    for (const entries of inMessages(this.#store.entries(kind))) {
      await this.#tell(peer, { entries, ...forget });
      forget = {};
    }
    if (forget.forget !== undefined) await this.#tell(peer, { entries: [], forget: kind });
  }

  #fail(peer: WarmPeer, error: unknown): void {
    if (this.#peer !== peer) return;
    this.#log.debug({ error: messageOf(error) }, 'the peer does not take warm state');
  }
}

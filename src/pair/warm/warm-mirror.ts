import type { WarmEntry } from '../../../collectors/warm-state.ts';
import { ELSEWHERE, inMessages, OWNED_KINDS, type WarmKindStatus, type WarmStore } from '../../keeper/warm-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { WarmNews } from '../peer/pair-words.ts';

/** The other node, as far as warm state goes; both reject where it gives no answer. */
export interface WarmPeer {
  tell(news: WarmNews): Promise<void>;
  digests(): Promise<Digests>;
}

const COMPARE_MS = 5000;
/** A node that hears nothing of a comparison for so long compares for itself: neither node leads. */
const COMPARISON_AGE_MS = 3 * COMPARE_MS;
/** Changes of a peer that does not answer are forgotten beyond this: digests bring the rest. */
const MAX_PENDING = 100_000;

/** Changes that are sent without waiting for an answer, so that both nodes are compared at one moment. */
const MAX_AT_ONCE = 10_000;

type ChangedKey = Pick<WarmEntry, 'kind' | 'key'>;
type Digests = Readonly<Record<string, WarmKindStatus>>;

/**
 * Keeps the other node's copy of the warm state equal to ours. When the link opens, each tells the other what it knows (the other
 * takes what is new to it); from then on the one that listens (it leads) tells its changes, one message after the other, each
 * acknowledged. Every few seconds it sends what has gathered and asks for digests behind it in one go: messages keep their order, so
 * that both are of the same moment, however much changes. A kind that differs is told anew, and what was not told is forgotten there
 * only at the end: a leader that dies in the middle leaves its successor no poorer.
 *
 * Data that waits for its template is one node's at a time. Who leads has it; when it leads no more (`leave`) its workers give up what the
 * other has, and what the other has not yet is given to it (`gives`), as is what still comes while a switchover ends. Who decodes it says
 * so before it tells the template, so that a copy that was left behind is gone before it could be decoded.
 *
 *   apart ──open()──▶ merging ──▶ following: changes ─▶ told ─▶ acknowledged
 *     ▲                              └── due, and the other's merge is complete: compared ──differs──▶ told anew
 *     └── close()
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
  /** What has changed, by kind and key, in that order; what it is now is in the store, so that no flood of changes is kept here. */
  readonly #pending = new Map<string, ChangedKey>();
  #peer: WarmPeer | undefined;
  #isBusy = false;
  /** Whether the peer has been told all that we know, and the other way round, since the link opened. */
  #hasMerged = false;
  #hasHeardMerge = false;
  #isCompareDue = false;
  /** Data that waits has to become the other's. */
  #isGivingDue = false;
  /** When the peer, leading, last told how a comparison went. */
  #comparedThereMs = -Infinity;
  /** The kind that the peer is telling anew, and the keys so far. */
  #anew: { readonly kind: string; readonly keys: Set<string> } | undefined;
  #cancelComparing: (() => void) | undefined;

  /** Called when data that waits has become this node's while it leads. */
  onGiven: (() => void) | undefined;
  /** Called as this node begins to lead, with all that it knows: the other one has perhaps not stored what it told. */
  onLead: ((entries: Iterable<WarmEntry>) => void) | undefined;
  /** Called with what only the other node knew, when this one has taken it and leads. */
  onMerged: ((entries: readonly WarmEntry[]) => void) | undefined;

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
    store.onExpired = (gone) => {
      if (this.#leads()) this.changed(gone);
    };
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
    this.#hasMerged = false;
    this.#hasHeardMerge = false;
    this.#isCompareDue = false;
    this.#isGivingDue = false;
    this.#comparedThereMs = -Infinity;
    this.#anew = undefined;
    this.#pending.clear();
    this.differing = undefined;
  }

  /** The workers of this node have told something. */
  changed(entries: readonly WarmEntry[]): void {
    if (this.#peer === undefined) return;
    const leads = this.#leads();
    for (const entry of entries) {
      const { kind, key } = entry;
      if (leads || isHeardLate(entry)) this.#pending.set(`${kind} ${key}`, { kind, key });
    }
    if (this.#pending.size > MAX_PENDING) this.#pending.clear();
    if (!leads && entries.some(({ kind, value }) => OWNED_KINDS.has(kind) && value !== undefined))
      this.#isGivingDue = true;
    this.#goOn(this.#peer);
  }

  /** This node leads: what waits elsewhere is its own. */
  lead(): void {
    this.onGiven?.();
    this.onLead?.(this.#store.entries());
  }

  /** This node leads no more: what its workers have for themselves becomes the other's, before that one can lead. */
  leave(): void {
    this.#disown();
    this.#isGivingDue = true;
    if (this.#peer !== undefined) this.#goOn(this.#peer);
  }

  /** The other node has told something. */
  heard({ entries, isMerge, endsMerge, anew, differing, gives }: WarmNews): void {
    const forWorkers = isMerge === true ? this.#merge(entries) : this.#store.take(ELSEWHERE, entries);
    if (anew !== undefined) forWorkers.push(...this.#hearAnew(anew, entries));
    if (endsMerge === true) this.#hasHeardMerge = true;
    if (differing !== undefined && !this.#leads()) {
      this.differing = differing;
      this.#comparedThereMs = this.#clock.monotonicMs();
    }
    this.totals.taken += entries.length;
    if (forWorkers.length > 0) this.#tellWorkers(forWorkers);
    if (isMerge === true && forWorkers.length > 0 && this.#leads()) this.onMerged?.(forWorkers);
    if (gives === true && this.#leads()) this.onGiven?.();
  }

  /** Who leads has decoded, or given up, what it does not hold any more: the other's copy of it would be decoded a second time. */
  #merge(entries: readonly WarmEntry[]): WarmEntry[] {
    return this.#store.merge(this.#leads() ? entries.filter(({ kind }) => !OWNED_KINDS.has(kind)) : entries);
  }

  #hearAnew({ kind, isFirst, isLast }: NonNullable<WarmNews['anew']>, entries: readonly WarmEntry[]): WarmEntry[] {
    if (isFirst) this.#anew = { kind, keys: new Set() };
    if (this.#anew?.kind !== kind) return [];
    const { keys } = this.#anew;
    for (const { key } of entries) keys.add(key);
    if (!isLast) return [];
    this.#anew = undefined;
    // Who leads forgets nothing at another's word.
    return this.#leads() ? [] : this.#store.keepOnly(kind, keys);
  }

  /** What the other node compares with. */
  digests(): Digests {
    return this.#store.status();
  }

  async #tellAll(peer: WarmPeer): Promise<void> {
    // As of now: what changes on the way would be met again and again.
    const alone = new Set([...this.#store.oursAlone()].map(({ key }) => key));
    const all = [...this.#store.entries()].filter(({ kind, key }) => !OWNED_KINDS.has(kind) || !alone.has(key));
    for (const entries of inMessages(all)) await this.#tell(peer, { entries, isMerge: true });
    await this.#give(peer);
    await this.#tell(peer, { entries: [], isMerge: true, endsMerge: true });
    if (this.#peer === peer) this.#hasMerged = true;
  }

  #goOn(peer: WarmPeer): void {
    if (this.#peer !== peer || this.#isBusy) return;
    if (this.#isCompareDue) {
      this.#isCompareDue = false;
      this.#work(peer, () => (this.#hasMerged ? this.#compare(peer) : this.#tellAll(peer)));
    } else if (this.#isGivingDue && this.#hasMerged) this.#work(peer, () => this.#give(peer));
    else if (this.#pending.size > 0) this.#work(peer, () => this.#tellPending(peer));
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
    for (const entries of inMessages(this.#takePending())) await this.#tell(peer, { entries });
  }

  /** As they are when they are asked for. */
  *#takePending(): Iterable<WarmEntry> {
    const changed = [...this.#pending.values()];
    this.#pending.clear();
    for (const { kind, key } of changed) {
      const entry = this.#store.find(kind, key);
      if (this.#leads() || isHeardLate(entry)) yield entry;
    }
  }

  async #tell(peer: WarmPeer, news: WarmNews): Promise<void> {
    await peer.tell(news);
    this.totals.told += news.entries.length;
    if (news.isMerge !== true) this.#store.shared(news.entries);
  }

  /** What the other node has not is told; then all of it is the other's where that one leads, and no more of our workers in any case. */
  async #give(peer: WarmPeer): Promise<void> {
    this.#isGivingDue = false;
    await this.#tellPending(peer);
    for (const entries of inMessages([...this.#store.oursAlone()])) await this.#tell(peer, { entries });
    if (this.#leads()) return;
    await this.#tell(peer, { entries: [], gives: true });
    if (!this.#leads()) this.#disown();
  }

  #disown(): void {
    const left = this.#store.disown();
    if (left.length > 0) this.#tellWorkers(left);
  }

  #compareLater(peer: WarmPeer): void {
    this.#cancelComparing = this.#clock.after(COMPARE_MS, () => {
      this.#isCompareDue = true;
      this.#compareLater(peer);
      this.#goOn(peer);
    });
  }

  async #compare(peer: WarmPeer): Promise<void> {
    if (!this.#leads()) return this.#lookOn(peer);
    if (!this.#hasHeardMerge) return;
    await this.#tellPending(peer);
    // In a flood there is no moment for it; the next one comes in seconds.
    if (this.#pending.size > MAX_AT_ONCE) return;
    // Without a pause from here to the question: what is compared is of one moment. What expires now is pending after it.
    const ours = this.#store.status();
    const told = [...inMessages(this.#takePending())].map((entries) => this.#tell(peer, { entries }));
    const [theirs] = await Promise.all([peer.digests(), ...told]);
    const differing = differingKinds(ours, theirs);
    if (this.#peer !== peer || !this.#leads()) return;
    this.differing = differing;
    await this.#tell(peer, { entries: [], differing });
    for (const kind of differing) await this.#tellAnew(peer, kind);
  }

  /** Nothing changes while neither leads; where the peer does, it tells. */
  async #lookOn(peer: WarmPeer): Promise<void> {
    if (this.#clock.monotonicMs() - this.#comparedThereMs < COMPARISON_AGE_MS) return;
    const theirs = await peer.digests();
    if (this.#peer === peer && !this.#leads()) this.differing = differingKinds(this.#store.status(), theirs);
  }

  async #tellAnew(peer: WarmPeer, kind: string): Promise<void> {
    this.totals.resyncs += 1;
    this.#log.debug({ kind }, 'warm state differs, telling it anew');
    const messages = [...inMessages(this.#store.entries(kind))];
    if (messages.length === 0) messages.push([]);
    for (const [index, entries] of messages.entries()) {
      const anew = { kind, isFirst: index === 0, isLast: index === messages.length - 1 };
      await this.#tell(peer, { entries, anew });
    }
  }

  #fail(peer: WarmPeer, error: unknown): void {
    if (this.#peer !== peer) return;
    this.#log.debug({ error: messageOf(error) }, 'the peer does not take warm state');
  }
}

/** What a node that leads no more still hears: its workers tell what came while a switchover ended. Positions of sequence numbers are its own. */
function isHeardLate({ kind, value }: WarmEntry): boolean {
  return OWNED_KINDS.has(kind) || (value !== undefined && kind !== 'flow.sequence');
}

function differingKinds(ours: Digests, theirs: Digests): string[] {
  const kinds = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const sizeOf = (digests: Digests, kind: string): number => digests[kind]?.entries ?? 0;
  return kinds.filter(
    (kind) => ours[kind]?.digest !== theirs[kind]?.digest && sizeOf(ours, kind) + sizeOf(theirs, kind) > 0,
  );
}

import { setImmediate as turn } from 'node:timers/promises';
import type { WarmEntry } from '../../collectors/warm-state.ts';
import { WarmStore } from '../../src/keeper/warm-store.ts';
import type { WarmNews } from '../../src/pair/peer/pair-words.ts';
import { WarmMirror, type WarmPeer } from '../../src/pair/warm/warm-mirror.ts';
import { createLog } from '../../src/runtime/log.ts';
import { startDecoding } from './flow-decoding.ts';
import { HandClock } from './hand-clock.ts';

/** How often the node that leads compares. */
export const COMPARISON_MS = 5000;

/** A node with its store, as the keeper composes them. */
export class WarmNode {
  readonly clock: HandClock;
  readonly store: WarmStore;
  readonly mirror: WarmMirror;
  readonly forWorkers: WarmEntry[] = [];
  /** Its one worker. */
  readonly worker = startDecoding();
  leads = false;

  constructor(clock: HandClock) {
    this.clock = clock;
    this.store = new WarmStore(() => clock.monotonicMs());
    this.mirror = new WarmMirror(
      this.store,
      (entries) => this.#tellWorker(entries),
      () => this.leads,
      clock,
      createLog('error'),
    );
    this.store.onTold = (entries) => this.mirror.changed(entries);
    this.mirror.onGiven = () => this.#tellWorker(this.store.inherit(0));
    this.worker.decoder.onWarmChange = (entry) => this.learn(entry);
  }

  /** Its role is another now, as the role's keeper says it. */
  become(role: 'active' | 'standby'): void {
    this.leads = role === 'active';
    if (this.leads) this.mirror.lead();
    else this.mirror.leave();
  }

  #tellWorker(entries: readonly WarmEntry[]): void {
    this.forWorkers.push(...entries);
    for (const entry of entries) this.worker.decoder.restoreWarm(entry);
  }

  /** A worker of this node has learnt these. */
  learn(...entries: WarmEntry[]): void {
    this.store.take(0, entries);
  }

  keys(kind = 'flow.template'): string[] {
    return [...this.store.entries(kind)].map(({ key }) => key).toSorted();
  }
}

/** The way from one node to another: in order, a turn later each; a test loses messages or cuts it. */
class WarmWay implements WarmPeer {
  readonly #to: WarmNode;
  /** Whether a message arrives. */
  arrives: (news: WarmNews) => boolean = () => true;
  /** Called as something is sent. */
  onSend: () => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(to: WarmNode) {
    this.#to = to;
  }

  tell(news: WarmNews): Promise<void> {
    this.onSend();
    const copy = {
      ...news,
      entries: news.entries.map((entry) => ({ ...entry, value: entry.value && Uint8Array.from(entry.value) })),
    };
    return this.#inOrder(() => {
      if (!this.arrives(copy)) throw new Error('no answer');
      this.#to.mirror.heard(copy);
    });
  }

  digests(): ReturnType<WarmPeer['digests']> {
    const answer = this.#inOrder(() => this.#to.mirror.digests());
    this.onSend();
    return answer;
  }

  #inOrder<T>(step: () => T): Promise<T> {
    const done = this.#last.then(() => turn()).then(step);
    this.#last = done.catch(() => {});
    return done;
  }
}

export class WarmPair {
  readonly clock = new HandClock();
  readonly a = new WarmNode(this.clock);
  readonly b = new WarmNode(this.clock);
  toB = new WarmWay(this.b);
  toA = new WarmWay(this.a);

  async connect(): Promise<void> {
    this.toB = new WarmWay(this.b);
    this.toA = new WarmWay(this.a);
    this.a.mirror.open(this.toB);
    this.b.mirror.open(this.toA);
    await this.rest();
  }

  cut(): void {
    this.a.mirror.close();
    this.b.mirror.close();
  }

  /** Until nothing is on its way; nothing here waits for anything but turns of the loop. */
  async rest(): Promise<void> {
    for (let turns = 0; turns < 100; turns += 1) await turn();
  }

  async comparison(): Promise<void> {
    this.clock.advance(COMPARISON_MS);
    await this.rest();
  }
}

import type { Clock } from '../../../src/runtime/clock.ts';
import { decide, type Decision } from '../decide.ts';
import type {
  Beat,
  BeatLink,
  Ears,
  EpochMemory,
  HandOver,
  HandedOver,
  HeartbeatStore,
  PeerRequests,
  Preparation,
  Prepared,
  Role,
  RoleOptions,
  VirtualAddress,
} from '../ports.ts';
import { because, type Reason } from '../reason.ts';
import {
  LEAST_HOLD_MS,
  collectForMs,
  databaseAnswers,
  holdsEpoch,
  leaseUntilMs,
  longestGapMs,
  type HandOverState,
  type View,
} from '../view.ts';
import { AddressProbe } from './address-probe.ts';
import { Hands, type Want } from './hands.ts';
import { HeartbeatVote } from './heartbeat-vote.ts';
import { PeerVote } from './peer-vote.ts';
import { History } from './history.ts';
import { statusOf, type RoleStatus } from './status.ts';
import { Successor } from './successor.ts';
import { SwitchOver, type SwitchOverOutcome } from './switch-over.ts';

export interface RolePorts {
  readonly heartbeat: HeartbeatStore;
  readonly link: BeatLink;
  readonly requests: PeerRequests;
  readonly address: VirtualAddress;
  readonly ears: Ears;
  readonly memory: EpochMemory;
  /** Whether this node could take over now. */
  readonly isReady: () => boolean;
}

/** A role or its reason has changed. */
export interface RoleChange {
  readonly atMs: number;
  readonly from: Role;
  readonly to: Role;
  readonly reason: Reason;
  /** The highest known. */
  readonly epoch: number;
  /** What was seen when it was decided. */
  readonly view: View;
}

/** Beats are sent so many times as often as the heartbeat is written, each with the newest grant: a loss of 30 % does no harm. */
const BEATS_EACH = 3;

/**
 * Keeps the role of this node: looks at the world through its ports, decides, acts, and says why. It does so several times a beat, and
 * at once when something is heard. No call of a port is waited for: an answer is an event like any other.
 */
export class RoleKeeper {
  /** Called when the role or its reason changes. */
  onChange: ((change: RoleChange) => void) | undefined;

  readonly #options: RoleOptions;
  readonly #ports: RolePorts;
  readonly #clock: Clock;
  readonly #heartbeat: HeartbeatVote;
  readonly #peer: PeerVote;
  readonly #probe: AddressProbe;
  readonly #hands: Hands;
  readonly #history = new History();
  readonly #successor: Successor;
  readonly #switchOver: SwitchOver;

  #role: Role = 'standby';
  #reason: Reason = because('STARTING', 'this node has just started');
  #sinceMs = -Infinity;
  #wokeMs = -Infinity;
  #lastCycleMs = -Infinity;
  #epoch = 0;
  #known = 0;
  #knownBefore = 0;
  #saved = 0;
  #handOver: HandOverState = 'none';
  #lingerUntilMs = -Infinity;
  #fenced = 0;
  #fencing = false;
  #defendedMs = -Infinity;
  #running = false;
  #cancelPulse: (() => void) | undefined;

  constructor(options: RoleOptions, ports: RolePorts, clock: Clock) {
    this.#options = options;
    this.#ports = ports;
    this.#clock = clock;
    this.#heartbeat = new HeartbeatVote(ports.heartbeat, options, clock, {
      answered: (row) => this.#learn(row.epoch),
      won: (epoch) => this.#hold(epoch),
      settled: () => this.#cycle(),
    });
    this.#peer = new PeerVote(options, clock);
    this.#probe = new AddressProbe(ports.address, clock, () => this.#cycle());
    this.#hands = new Hands(ports.address, ports.ears, clock, options.beatMs);
    this.#successor = new Successor(options, this.#peer, clock);
    this.#switchOver = new SwitchOver(options, ports.requests, this.#heartbeat, this.#peer, clock);
  }

  /** Begins as standby. */
  start(): void {
    this.#known = this.#saved = this.#ports.memory.load();
    this.#knownBefore = this.#known;
    this.#running = true;
    this.#sinceMs = this.#wokeMs = this.#lastCycleMs = this.#clock.monotonicMs();
    this.#ports.link.onBeat = (beat) => this.#hear(beat);
    this.#ports.requests.answers = {
      prepare: (request) => this.#prepare(request),
      handOver: (word) => this.#takeOver(word),
    };
    this.#pulse();
  }

  /** Gives up what this node holds. Who wants the peer to be active calls `switchOver` before. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#cancelPulse?.();
    this.#ports.link.onBeat = undefined;
    this.#ports.requests.answers = undefined;
    const held = holdsEpoch(this.#view()) && this.#role !== 'standby' ? this.#epoch : 0;
    this.#become({ role: 'standby', reason: because('STOPPED', 'this node was stopped'), ask: 'read', probes: false });
    await this.#hands.letGo();
    this.#speak();
    if (held > 0) await this.#heartbeat.giveAway({ epoch: held, holder: '', session: '', counter: 0 });
  }

  /** Hands the role over to the peer, in order and without loss; refuses where the peer is not ready, unless `force`. */
  async switchOver(options: { readonly force?: boolean } = {}): Promise<SwitchOverOutcome> {
    return await this.#switchOver.run(options.force === true, {
      view: () => this.#view(),
      // Before the word: a node that was restarted in between must not take its old row for the newest.
      save: (epoch) => this.#ports.memory.save(epoch),
      learn: (epoch) => this.#learn(epoch),
      become: (state, lingerMs) => {
        this.#handOver = state;
        this.#lingerUntilMs = this.#clock.monotonicMs() + lingerMs;
        if (state === 'none') this.#ports.memory.save(this.#known);
        if (state === 'sent') this.#history.moved(this.#clock.monotonicMs());
        this.#cycle();
      },
    });
  }

  /** The epoch under which this node may do what needs a single owner, where it may. Whoever writes checks the row as well. */
  singletonEpoch(): number | undefined {
    const view = this.#view();
    const hasVote = this.#clock.monotonicMs() < view.database.voteUntilMs;
    return this.#role === 'active' && holdsEpoch(view) && hasVote && this.#fenced === this.#epoch
      ? this.#epoch
      : undefined;
  }

  status(): RoleStatus {
    return statusOf(this.#view(), this.#reason, this.#hands.trouble, this.#clock.monotonicMs());
  }

  #pulse(): void {
    if (!this.#running) return;
    this.#cancelPulse = this.#clock.after(this.#options.beatMs / BEATS_EACH, () => this.#pulse());
    this.#cycle();
    this.#speak();
  }

  #view(): View {
    return {
      ...this.#options,
      wokeMs: this.#wokeMs,
      role: this.#role,
      sinceMs: this.#sinceMs,
      epoch: this.#epoch,
      known: this.#known,
      knownBefore: this.#knownBefore,
      handOver: this.#handOver,
      isReady: this.#ports.isReady(),
      database: this.#heartbeat.view(),
      link: this.#peer.view(),
      probe: this.#probe.last,
      probingSinceMs: this.#probe.sinceMs,
      movedMs: this.#history.movedMs,
      lossesMs: this.#history.lossesMs,
    };
  }

  /** Notices that this node did not run for a while; before anything that was heard meanwhile is believed. */
  #noteTime(): number {
    const now = this.#clock.monotonicMs();
    if (now - this.#lastCycleMs > longestGapMs(this.#options)) this.#wokeMs = now;
    this.#lastCycleMs = now;
    return now;
  }

  #cycle(): void {
    if (!this.#running) return;
    const now = this.#noteTime();
    // A change of role can be followed by another at once (standby → active → reason), never by more than the states there are.
    let decision = decide(this.#view(), now);
    for (let round = 0; round < 3 && decision.role !== this.#role; round += 1) {
      this.#become(decision);
      decision = decide(this.#view(), now);
    }
    if (decision.role === this.#role) this.#become(decision);
    this.#endHandOver(now);
    if (!this.#running) return;
    this.#hands.reconcile(this.#want(now));
    if (!this.#switchOver.ownsRow) this.#heartbeat.ask(decision.ask, { epoch: this.#epoch, known: this.#known });
    if (decision.probes) this.#probe.ask();
    if (this.#role === 'active') this.#fence();
    if (this.#role === 'active') this.#defend();
  }

  #become(decision: Decision): void {
    const { role, reason } = decision;
    const from = this.#role;
    const isNews = role !== from || reason.code !== this.#reason.code;
    this.#reason = reason;
    if (!isNews) return;
    const now = this.#clock.monotonicMs();
    const view = this.#view();
    if (role !== from) this.#change(role, now);
    this.onChange?.({ atMs: now, from, to: role, reason, epoch: this.#known, view });
  }

  #change(role: Role, now: number): void {
    const from = this.#role;
    this.#role = role;
    this.#sinceMs = now;
    this.#knownBefore = this.#known;
    if (role !== 'standby') {
      this.#peer.stopGranting();
      this.#handOver = 'none';
      if (role === 'active' && from === 'standby') this.#history.moved(now);
      return;
    }
    this.#heartbeat.voidVote();
    this.#peer.voidVote();
    // Who hands over keeps the epoch until the word is taken: a refusal makes it active again.
    if (this.#handOver !== 'none') return;
    if (this.#epoch > 0) this.#history.lost(now);
    this.#epoch = 0;
  }

  #endHandOver(now: number): void {
    const isOver = this.#role === 'standby' && now >= this.#lingerUntilMs;
    if (this.#handOver !== 'none' && isOver) this.#handOver = 'none';
  }

  #want(now: number): Want {
    const view = this.#view();
    if (this.#role === 'active') return { kind: 'serve', untilMs: leaseUntilMs(view), leastHoldMs: LEAST_HOLD_MS };
    if (this.#role === 'collecting') {
      const askedMs = view.probe === undefined ? -Infinity : view.probe.askedMs;
      const untilMs = Math.max(this.#sinceMs, askedMs) + collectForMs(this.#options);
      return { kind: 'serve', untilMs, leastHoldMs: 0 };
    }
    const lingers = this.#handOver !== 'none' && now < this.#lingerUntilMs;
    return lingers ? { kind: 'linger', untilMs: this.#lingerUntilMs } : { kind: 'none' };
  }

  #hear(beat: Beat): void {
    if (!this.#running || beat.node !== this.#options.peer) return;
    const now = this.#noteTime();
    // The lease first: what was heard after a pause must not revive what ended in it.
    this.#cycle();
    if (beat.role === 'active' && this.#peer.view().beat?.role !== 'active') this.#history.moved(now);
    this.#peer.hear(beat);
    this.#learn(beat.epoch);
    if (beat.role === 'active' && this.#handOver === 'done')
      this.#lingerUntilMs = Math.min(this.#lingerUntilMs, now + 1000);
    if (beat.wantsGrant && this.#mayGrant(beat)) this.#peer.grant(beat);
    this.#cycle();
  }

  /** A standby grants what the holder of the highest epoch asks for, unless a claim of its own may yet take effect. */
  #mayGrant(beat: Beat): boolean {
    const isFree = this.#role === 'standby' && !this.#heartbeat.view().claimPending;
    return isFree && beat.epoch >= this.#known && !this.#holdsVote();
  }

  #holdsVote(): boolean {
    const view = this.#view();
    return holdsEpoch(view) && this.#clock.monotonicMs() < leaseUntilMs(view);
  }

  #speak(): void {
    const view = this.#view();
    const now = this.#clock.monotonicMs();
    const mayBeAsked = this.#handOver === 'none' && this.#role !== 'standby';
    if (view.database.claimPending || this.#role !== 'standby') this.#peer.stopGranting();
    const beat = this.#peer.speak({
      role: this.#role,
      epoch: this.#known,
      wantsGrant: mayBeAsked && holdsEpoch(view),
      seesDatabase: databaseAnswers(view, now) && Number.isFinite(view.database.answeredMs),
      isReady: view.isReady,
    });
    this.#ports.link.send(beat);
  }

  #learn(epoch: number): void {
    if (epoch > this.#known) this.#known = epoch;
  }

  /** This node holds `epoch`: on its disk before anything is done under it. */
  #hold(epoch: number): void {
    this.#learn(epoch);
    if (epoch !== this.#known) return;
    if (this.#saved !== epoch) this.#ports.memory.save(epoch);
    this.#saved = epoch;
    this.#epoch = epoch;
  }

  #prepare(request: Preparation): Prepared {
    this.#cycle();
    this.#learn(request.epoch);
    return this.#successor.prepare(request, this.#view());
  }

  #takeOver(word: HandOver): HandedOver {
    this.#cycle();
    const refusal = this.#successor.refusal(word, this.#view());
    if (refusal !== '') return { accepted: false, reason: refusal };
    this.#hold(word.epoch);
    this.#peer.vote(this.#successor.leaseUntilMs);
    this.#cycle();
    return { accepted: true, reason: '' };
  }

  /** Tells the segment once more who has the address, at every probe that another machine answers. */
  #defend(): void {
    const { last } = this.#probe;
    if (last === undefined || last.owner === 'nobody' || last.askedMs <= this.#defendedMs) return;
    this.#defendedMs = last.askedMs;
    this.#hands.defend();
  }

  #fence(): void {
    const epoch = this.#epoch;
    const hasVote = this.#clock.monotonicMs() < this.#heartbeat.view().voteUntilMs;
    if (this.#fencing || this.#fenced === epoch || !hasVote) return;
    this.#fencing = true;
    void this.#fenceOff(epoch);
  }

  async #fenceOff(epoch: number): Promise<void> {
    try {
      await this.#ports.heartbeat.fence(epoch);
      this.#fenced = epoch;
    } catch {
      // Asked again at the next cycle; nothing that needs a single owner is done before.
    }
    this.#fencing = false;
  }
}

import type { Clock } from '../../../src/runtime/clock.ts';
import { messageOf } from '../../../src/runtime/errors.ts';
import { nextEpoch } from '../epoch.ts';
import type { HandedOver, Heartbeat, PeerRequests, Prepared, RoleOptions } from '../ports.ts';
import { peerIsHeard, type HandOverState, type View } from '../view.ts';
import type { HeartbeatVote } from './heartbeat-vote.ts';
import type { PeerVote } from './peer-vote.ts';

export interface SwitchOverOutcome {
  /** Whether the peer has taken the role. */
  readonly moved: boolean;
  /** What happened, a sentence for the operator. */
  readonly reason: string;
  /** The epoch of the peer, where it moved. */
  readonly epoch: number;
}

/** What the switchover needs of the role. */
export interface SwitchOverRole {
  view(): View;
  save(epoch: number): void;
  learn(epoch: number): void;
  become(state: HandOverState, lingerMs: number): void;
}

/**
 * A planned switchover, seen from the active node:
 *
 *     prepare ──▶ row moves to (next epoch, peer) ──▶ word: active no longer, lingers ──▶ the peer is active
 *        │                  │ no answer                    │ refused       │ no answer
 *        ▼                  ▼                              ▼               ▼
 *     refused        the word alone moves it         active again    collects until the peer grants, or is seen active
 *
 * The word names the last beat before it. Until the peer grants a later one, this node has no vote; a peer that granted a later one
 * refuses the word. So one node is active whichever message was lost.
 */
export class SwitchOver {
  readonly #options: RoleOptions;
  readonly #requests: PeerRequests;
  readonly #heartbeat: HeartbeatVote;
  readonly #peer: PeerVote;
  readonly #clock: Clock;
  #isRunning = false;
  #ownsRow = false;

  constructor(options: RoleOptions, requests: PeerRequests, heartbeat: HeartbeatVote, peer: PeerVote, clock: Clock) {
    this.#options = options;
    this.#requests = requests;
    this.#heartbeat = heartbeat;
    this.#peer = peer;
    this.#clock = clock;
  }

  /** Whether the row is about to be given away, and must not be renewed meanwhile. */
  get ownsRow(): boolean {
    return this.#ownsRow;
  }

  async run(force: boolean, role: SwitchOverRole): Promise<SwitchOverOutcome> {
    if (this.#isRunning) return refused('a switchover is under way');
    this.#isRunning = true;
    try {
      return await this.#run(force, role);
    } finally {
      this.#isRunning = this.#ownsRow = false;
    }
  }

  async #run(force: boolean, role: SwitchOverRole): Promise<SwitchOverOutcome> {
    const { node, peer } = this.#options;
    const before = role.view();
    const obstacle = this.#obstacle(before, force);
    if (obstacle !== '') return refused(obstacle);
    let prepared: Prepared;
    try {
      prepared = await this.#requests.prepare({ epoch: before.epoch, force });
    } catch (thrown) {
      return refused(`${peer} does not answer: ${messageOf(thrown)}`);
    }
    const view = role.view();
    if (!prepared.accepted) return refused(prepared.reason);
    if (view.role !== 'active' || view.epoch !== before.epoch) return refused(`${node} is active no longer`);
    const epoch = nextEpoch(view.known, peer, node);
    role.save(epoch);
    const row = await this.#moveRow(epoch, prepared.session, view);
    const inDatabase = row?.epoch === epoch && row.holder === peer;
    if (row !== undefined) role.learn(row.epoch);
    if (role.view().role === 'standby' || (row !== undefined && !inDatabase && row.epoch > view.epoch)) {
      return refused(`${node} lost the role meanwhile`);
    }
    return await this.#giveWord(epoch, inDatabase, role);
  }

  #obstacle(view: View, force: boolean): string {
    const { node, peer } = this.#options;
    if (view.role !== 'active') return `${node} is ${view.role}, not active`;
    if (!peerIsHeard(view, this.#clock.monotonicMs())) return `${peer} is not heard`;
    return view.link.beat?.isReady === true || force ? '' : `${peer} is not ready to take over`;
  }

  /** @returns the row as it is after that; undefined where it could not be moved, or is not known to be */
  async #moveRow(epoch: number, session: string, view: View): Promise<Heartbeat | undefined> {
    const { node, session: ownSession, peer } = this.#options;
    const { row } = view.database;
    this.#ownsRow = true;
    if (row?.holder !== node || row.session !== ownSession || row.epoch !== view.epoch) return undefined;
    return await this.#heartbeat.giveAway({ epoch, holder: peer, session, counter: 0 });
  }

  async #giveWord(epoch: number, inDatabase: boolean, role: SwitchOverRole): Promise<SwitchOverOutcome> {
    const { peer, leaseMs, windowMs } = this.#options;
    const voteUntilMs = this.#peer.voidVote();
    this.#heartbeat.voidVote();
    this.#peer.promiseByWord();
    role.become('sent', leaseMs + windowMs);
    let answer: HandedOver;
    try {
      answer = await this.#requests.handOver({ epoch, afterBeat: this.#peer.lastNumber });
    } catch (thrown) {
      role.become('unanswered', windowMs);
      return refused(`${peer} has not answered the word; whoever is active shows within seconds: ${messageOf(thrown)}`);
    }
    if (answer.accepted) {
      role.learn(epoch);
      role.become('done', windowMs);
      return { moved: true, reason: `${peer} is active`, epoch };
    }
    if (inDatabase) {
      role.become('unanswered', windowMs);
      return refused(`${answer.reason}; the heartbeat names ${peer} already`);
    }
    this.#peer.restoreVote(voteUntilMs);
    role.become('none', 0);
    return refused(answer.reason);
  }
}

function refused(reason: string): SwitchOverOutcome {
  return { moved: false, reason, epoch: 0 };
}

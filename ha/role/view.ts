import type { Beat, Heartbeat, Probe, Role, Timing } from './ports.ts';

/** How often a collecting node asks whether another has the address. */
export const PROBE_EVERY_MS = 1000;
/** How long a probe may take: the address is held to be free when nobody answered for so long. */
export const PROBE_WITHIN_MS = 1000;
/** How often an active node asks whether another has the address, and the most often that it defends it. */
export const DEFEND_EVERY_MS = 10_000;
/** At most one move in this time, while the peer serves. */
export const MOVE_EVERY_MS = 30_000;
/** So many losses of the role in `LOSSES_WITHIN_MS`: quarantined. */
export const MOST_LOSSES = 3;
export const LOSSES_WITHIN_MS = 600_000;

/**
 * For how long an active node holds the address at least, since lifetimes in the kernel are whole seconds: what is left of a lease that
 * nobody has renewed for a moment would renew nothing, and the address would go before the role does. A living node gives it up with the
 * role; one that is paused, or dies, leaves it behind for so long.
 */
export const LEAST_HOLD_MS = 1000;

/** What the database says, seen from this node. `-Infinity`: never. */
export interface DatabaseView {
  /** Until when its vote holds. */
  readonly voteUntilMs: number;
  /** When the last answer came. */
  readonly answeredMs: number;
  /** How long the last answer took. */
  readonly roundTripMs: number;
  /** When the row was last seen to be renewed by the peer, under an epoch not below any that is known. */
  readonly peerRenewedMs: number;
  readonly row: Heartbeat | undefined;
  /** Since when `row` has been the same in an unbroken stretch of answers. */
  readonly stillSinceMs: number;
  /** How many answers that stretch has. */
  readonly stillAnswers: number;
  /** A claim of the row that is on its way, or of which the end is not known: it may yet take effect. */
  readonly claimPending: boolean;
}

/** What the peer says, seen from this node. */
export interface PeerView {
  /** Until when its vote holds. */
  readonly voteUntilMs: number;
  /** Until when this node has promised not to take over. */
  readonly promiseUntilMs: number;
  /** When its last beat came. */
  readonly heardMs: number;
  /** Since when all its beats have said `standby`; `Infinity` where the last did not. */
  readonly standbySinceMs: number;
  readonly beat: Beat | undefined;
}

export interface ProbeView extends Probe {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/**
 * A switchover, seen from the node that gives the role away. `sent`: the word is on its way; `unanswered`: what became of it is not
 * known; `done`: the peer took it, or the heartbeat names it.
 */
export type HandOverState = 'none' | 'sent' | 'unanswered' | 'done';

/** All that the decision sees. Times are of this node's monotonic clock. */
export interface View extends Timing {
  readonly node: string;
  readonly peer: string;
  readonly session: string;
  readonly whenIsolated: 'collect' | 'stepDown';
  /** When it started, or ran again after a pause: what was not heard before that says nothing. */
  readonly wokeMs: number;

  readonly role: Role;
  readonly sinceMs: number;
  /** What this node holds or last held in this run; 0: nothing. */
  readonly epoch: number;
  /** The highest that was held anywhere, as far as this node knows. */
  readonly known: number;
  /** What `known` was when the role began. */
  readonly knownBefore: number;
  readonly handOver: HandOverState;
  readonly isReady: boolean;

  readonly database: DatabaseView;
  readonly link: PeerView;
  readonly probe: ProbeView | undefined;
  /** Whether a probe is on its way, and since when; `Infinity`: none. */
  readonly probingSinceMs: number;
  /** When the role last moved between the nodes, as far as this node saw. */
  readonly movedMs: number;
  /** When this node lost the role unplanned, the last few. */
  readonly lossesMs: readonly number[];
}

/** Whether this node holds the highest epoch. */
export function holdsEpoch(view: View): boolean {
  return view.epoch > 0 && view.epoch === view.known;
}

/** The end of this node's lease: that of the longer vote. */
export function leaseUntilMs(view: View): number {
  return Math.max(view.database.voteUntilMs, view.link.voteUntilMs);
}

/** Whether the row names this run of this node's keeper, with nothing higher known. */
export function rowIsOurs(view: View): boolean {
  const { row } = view.database;
  return row !== undefined && row.holder === view.node && row.session === view.session && row.epoch === view.known;
}

/** Whether the database answers: once a window at least. */
export function databaseAnswers(view: View, now: number): boolean {
  return now - Math.max(view.database.answeredMs, view.wokeMs) < view.windowMs;
}

/** Whether the database answers fast enough for its votes to follow each other without a gap. */
export function databaseVotes(view: View, now: number): boolean {
  return databaseAnswers(view, now) && 2 * view.database.roundTripMs < view.leaseMs;
}

/** Whether the peer is heard: once a lease at least. */
export function peerIsHeard(view: View, now: number): boolean {
  return view.link.beat !== undefined && now - view.link.heardMs < view.leaseMs;
}

/** Whether the peer has been silent for the window. */
export function peerIsSilent(view: View, now: number): boolean {
  return now - Math.max(view.link.heardMs, view.wokeMs) >= view.windowMs;
}

/** How long a collecting node may go on after it began to ask for other owners: one probe, the pause to the next, and that one. */
export function collectForMs(timing: Timing): number {
  return PROBE_EVERY_MS + PROBE_WITHIN_MS + 2 * timing.beatMs;
}

/** How long a stretch of answers may have no answer before it is broken. */
export function longestGapMs(timing: Timing): number {
  return 2 * timing.beatMs;
}

import type { Beat, Heartbeat, Role } from '../ports.ts';
import type { Reason } from '../reason.ts';
import { LOSSES_WITHIN_MS, holdsEpoch, type ProbeView, type View } from '../view.ts';

/** The role, for the screen. Spans in milliseconds from now; `undefined`: there is none. */
export interface RoleStatus {
  readonly node: string;
  readonly peer: string;
  readonly role: Role;
  readonly reason: Reason;
  readonly sinceMs: number;
  /** What this node holds; 0: nothing. */
  readonly epoch: number;
  /** The highest that is known to have been held. */
  readonly knownEpoch: number;
  /** For how long each vote still holds. */
  readonly databaseVoteMs: number | undefined;
  readonly peerVoteMs: number | undefined;
  /** For how long this node has promised its peer not to take over. */
  readonly promiseMs: number | undefined;
  readonly heartbeat: Heartbeat | undefined;
  /** How long the heartbeat has stood still, as of the last answer. */
  readonly heartbeatAgeMs: number | undefined;
  readonly databaseAnsweredMs: number | undefined;
  readonly peerWords: Beat | undefined;
  readonly peerHeardMs: number | undefined;
  readonly probe: ProbeView | undefined;
  readonly isReady: boolean;
  readonly lossesInTenMinutes: number;
  /** What the drivers of the address and the listeners refuse; empty: nothing. */
  readonly trouble: string;
}

export function statusOf(view: View, reason: Reason, trouble: string, now: number): RoleStatus {
  const { database, link } = view;
  return {
    node: view.node,
    peer: view.peer,
    role: view.role,
    reason,
    sinceMs: now - view.sinceMs,
    epoch: holdsEpoch(view) ? view.epoch : 0,
    knownEpoch: view.known,
    databaseVoteMs: leftMs(database.voteUntilMs, now),
    peerVoteMs: leftMs(link.voteUntilMs, now),
    promiseMs: leftMs(link.promiseUntilMs, now),
    heartbeat: database.row,
    heartbeatAgeMs: ageMs(database.stillSinceMs, database.answeredMs),
    databaseAnsweredMs: ageMs(database.answeredMs, now),
    peerWords: link.beat,
    peerHeardMs: ageMs(link.heardMs, now),
    probe: view.probe,
    isReady: view.isReady,
    lossesInTenMinutes: view.lossesMs.filter((each) => now - each < LOSSES_WITHIN_MS).length,
    trouble,
  };
}

function leftMs(untilMs: number, now: number): number | undefined {
  return untilMs > now ? untilMs - now : undefined;
}

function ageMs(sinceMs: number, now: number): number | undefined {
  return Number.isFinite(sinceMs) ? now - sinceMs : undefined;
}

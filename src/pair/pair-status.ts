import type { Role } from '../../ha/role/ports.ts';
import type { PairEvent } from './events/pair-event.ts';

/** Something that a node needs to take over, as it is found. */
export interface ReadinessFinding {
  /** Such as `schema` or `warm state`. */
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy?: string;
}

export interface Readiness {
  /** Nothing failed. */
  readonly isReady: boolean;
  readonly findings: readonly ReadinessFinding[];
}

/** A vote that keeps a node active. */
export interface VoteStatus {
  /** How much longer it holds, milliseconds; 0 where it has run out. */
  readonly leftMs: number;
  /** Why there is none. */
  readonly trouble: string | undefined;
}

/** What a node of the pair says of itself; plain data. */
export interface PairNodeStatus {
  readonly node: string;
  readonly version: string;
  /** Its own address. */
  readonly address: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly role: Role;
  /** A sentence. */
  readonly reason: string;
  /** ISO 8601, by its clock. */
  readonly since: string;
  readonly epoch: number;
  readonly votes: { readonly database: VoteStatus; readonly peer: VoteStatus };
  /** Whether the virtual IP is on this node, as its driver saw last; by its role where the driver cannot see. */
  readonly holdsAddress: boolean;
  /** Whether all of its workers have said that they listen. */
  readonly isListening: boolean;
  readonly readiness: Readiness;
  /** Batches that wait on this node. */
  readonly queue: { readonly batches: number; readonly rows: number; readonly oldestMs: number };
  /** SHA-256 of the settings that both nodes share. */
  readonly settingsDigest: string;
}

/** The link, as this node sees it. */
interface LinkStatus {
  /** Milliseconds; undefined: never since the start. */
  readonly heardMsAgo: number | undefined;
  readonly roundTripMs: number | undefined;
  /** The peer's wall clock before ours; milliseconds. */
  readonly clockOffsetMs: number | undefined;
  /** Share of its beats that did not come, 0 … 1. */
  readonly loss: number | undefined;
  /** What is wrong with what comes, in words. */
  readonly trouble: string | undefined;
}

/** The pair, as one node sees it: part of `GET /api/status`. */
export interface PairStatus {
  readonly pair: string;
  readonly virtualAddresses: readonly string[];
  /** The row in the database, as last seen. */
  readonly heartbeat: { readonly holder: string; readonly epoch: number; readonly ageMs: number } | undefined;
  readonly own: PairNodeStatus;
  /** What it said last; undefined: nothing since the start. */
  readonly peer: PairNodeStatus | undefined;
  readonly peerName: string;
  readonly link: LinkStatus;
  /** Latest first. */
  readonly events: readonly PairEvent[];
}

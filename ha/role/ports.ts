import type { InterfaceAddress } from '../virtual-ip/interface-address.ts';

/**
 * What the role needs of the world. Each port is implemented by one room (`ha/heartbeat`, `ha/peer`, `ha/virtual-ip`, and the sockets of
 * `src/pair`), and by the simulation in the tests. Times named `…Ms` are of this node's monotonic clock, unless they are spans.
 */

/**
 * `active`: owns the epoch, listens, and does what needs a single owner. `collecting`: listens without an epoch, since nobody else
 * does. `standby`: does not listen.
 */
export type Role = 'active' | 'collecting' | 'standby';

/** The row in the database that says who is active. */
export interface Heartbeat {
  /** Raised at every takeover and switchover; 0: nobody was ever active. */
  readonly epoch: number;
  /** Name of the active node, empty where there was none. */
  readonly holder: string;
  /** Which run of the holder's keeper; a new one each start. */
  readonly session: string;
  /** Raised at every beat. */
  readonly counter: number;
}

/** The database's vote. Every call is bounded in time by whoever implements it, and rejects where the database gives no answer. */
export interface HeartbeatStore {
  /** @throws DogwatchError `HEARTBEAT_UNREACHABLE` */
  read(): Promise<Heartbeat>;
  /**
   * Replaces `seen` by `next`, if the row is still `seen` in all its fields.
   * @returns the row as it is now: `next` where it was replaced, else what somebody else wrote
   * @throws DogwatchError `HEARTBEAT_UNREACHABLE`: whether it was replaced is not known
   */
  replace(seen: Heartbeat, next: Heartbeat): Promise<Heartbeat>;
  /** Ends what the database still does for holders of epochs before `epoch`; resolves when it is over. */
  fence(epoch: number): Promise<void>;
}

/** What a node says of itself to its peer, several times a lease. */
export interface Beat {
  readonly node: string;
  readonly role: Role;
  /** The highest that the node knows was held, of its own disk, the database and its peer. */
  readonly epoch: number;
  /** Whether it asks for the peer's grant: it holds `epoch`, and is active or collecting. */
  readonly wantsGrant: boolean;
  /** Of this node's beats, from 1 in each run of its keeper. */
  readonly number: number;
  /** The `number` of the peer's beat that is granted by this one; 0: none. */
  readonly grants: number;
  /** Whether the node sees the database. */
  readonly seesDatabase: boolean;
  /** Whether it could take over now. */
  readonly isReady: boolean;
}

/**
 * The peer's vote: datagrams that are authenticated, fresh, and each delivered at most once; any of them may be lost. What was sent in
 * an earlier run of either keeper is not delivered: numbers begin anew.
 */
export interface BeatLink {
  /** Never throws, never waits. */
  send(beat: Beat): void;
  /** Set by the role: called with each beat of the peer. */
  onBeat: ((beat: Beat) => void) | undefined;
}

/** Asked of the peer before a switchover: whether it could be active now, and which run of its keeper would be. */
export interface Preparation {
  /** The epoch that the asking node holds. */
  readonly epoch: number;
  /** Whether what the peer lacks is to be overlooked. */
  readonly force: boolean;
}

export interface Prepared {
  readonly accepted: boolean;
  /** Why not, a sentence for the operator; empty where it was accepted. */
  readonly reason: string;
  /** Session of the peer's keeper, for the heartbeat. */
  readonly session: string;
}

/** The word at which the peer becomes active: the asking node is active no longer, and promises not to be for a lease. */
export interface HandOver {
  /** The epoch that the peer holds from now. */
  readonly epoch: number;
  /** The asking node's last beat before the word: who has granted a later one refuses. */
  readonly afterBeat: number;
}

export interface HandedOver {
  readonly accepted: boolean;
  /** Why not, a sentence for the operator; empty where it was accepted. */
  readonly reason: string;
}

/** What a node answers its peer; set by the role, never throws. */
export interface PeerAnswers {
  prepare(request: Preparation): Prepared;
  handOver(word: HandOver): HandedOver;
}

/** The reliable stream of the link: a request arrives at most once, and is answered or fails. Every call is bounded in time. */
export interface PeerRequests {
  /** @throws DogwatchError `PEER_UNREACHABLE` */
  prepare(request: Preparation): Promise<Prepared>;
  /** @throws DogwatchError `PEER_UNREACHABLE`: whether the peer has acted on it is not known */
  handOver(word: HandOver): Promise<HandedOver>;
  /** Set by the role: who answers the peer's requests. */
  answers: PeerAnswers | undefined;
}

/** Who answers for the virtual IP on its segment. */
export interface Probe {
  /** `nobody`: no answer but our own; `peer`: a MAC that the peer told as its own; `foreign`: another. */
  readonly owner: 'nobody' | 'peer' | 'foreign';
  /** MAC of the owner, for the reader. */
  readonly mac?: string;
  /** Whether any neighbour on the segment answers; undefined where that was not asked. */
  readonly neighbourAnswers: boolean | undefined;
}

/** The virtual IP, all its addresses together. Nothing here throws for what the segment does; what the driver refuses is thrown. */
export interface VirtualAddress {
  /**
   * Holds it on the interface for at most `spanMs` from now, whatever becomes of this process; called at every beat. Adds what is
   * missing.
   * @throws DogwatchError `ADDRESS_REFUSED` with what the driver says
   */
  hold(spanMs: number): Promise<void>;
  /** Begins to tell the segment who has it now, several times over. */
  announce(): void;
  /** Gives it up, where it is held. */
  release(): Promise<void>;
  /** Keeps what arrives at our MAC, and answers no one who asks for the address: until `release`. */
  linger(spanMs: number): Promise<void>;
  /** Other addresses, or the same with other prefixes, from the next `hold` on; undefined: the driver has none of its own. */
  change?(addresses: readonly InterfaceAddress[]): void | Promise<void>;
  /** Whether this node has it, as it was last seen; absent: the driver cannot know. */
  isHeld?(): boolean;
  /** Asks the segment; takes up to `withinMs`. */
  probe(withinMs: number): Promise<Probe>;
}

/** The listeners. */
export interface Ears {
  /** Opens them on the virtual IP. @throws DogwatchError `LISTEN_FAILED` */
  open(): Promise<void>;
  /** Until when they may accept; checked where datagrams are received. */
  extend(untilMs: number): void;
  /** Closes them; what the kernel has accepted is read and kept. */
  close(): Promise<void>;
}

/** The epoch on this node's own disk: safe when `save` returns. */
export interface EpochMemory {
  load(): number;
  /** @throws what the file system says */
  save(epoch: number): void;
}

/** Spans in milliseconds; the rules between them are in `ha/role/timing.ts`. */
export interface Timing {
  /** Between two beats. */
  readonly beatMs: number;
  /** How long a vote holds, counted from when it was asked for. */
  readonly leaseMs: number;
  /** How long the heartbeat must stand still, on the standby's clock, before it takes over. */
  readonly windowMs: number;
}

export interface RoleOptions extends Timing {
  readonly node: string;
  readonly peer: string;
  readonly session: string;
  readonly whenIsolated: 'collect' | 'stepDown';
}

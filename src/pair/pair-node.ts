import type { WarmEntry } from '../../collectors/warm-state.ts';
import type { OpenSession } from '../../ha/heartbeat/sql-session.ts';
import { epochName, HeartbeatRow } from '../../ha/heartbeat/heartbeat-row.ts';
import { RoleKeeper, type RoleChange } from '../../ha/role/keeper/role-keeper.ts';
import type { Ears, EpochMemory } from '../../ha/role/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import { type Component, withTimeout } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { SettingsPeer } from '../settings/settings-peer.ts';
import { NodeRow } from './node-row.ts';
import { GapWatch } from './events/gap-watch.ts';
import { SettingDifferences } from './readiness/setting-differences.ts';
import { LinkLoss } from './readiness/link-loss.ts';
import { PeerTalk, type PeerTalkParts } from './peer/peer-talk.ts';
import type { PairNodeStatus, PairStatus, Readiness } from './pair-status.ts';
import { eventOf, voteChanges, type VoteState, wasHandedOver } from './events/role-events.ts';
import { withNamesake, withRefusal } from './readiness/readiness.ts';
import type { PairNodeOptions, PairSurroundings } from './pair-surroundings.ts';
import { Switchovers } from './switchovers.ts';

const REPORT_MS = 1000;
const FENCE_MS = 5000;
const ROLE_STOP_MS = 4000;

/**
 * This node as one of a pair: its role, what follows from it, what it says of itself and hears of the other.
 *
 *   idle ──start()──▶ standby ⇄ active, collecting ──stop(): hands over first where it can──▶ stopped
 */
export class PairNode implements Component {
  readonly name = 'pair';
  /** MACs that the peer told as its own. */
  peerMacs: readonly string[] = [];
  readonly #options: PairNodeOptions;
  readonly #surroundings: PairSurroundings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #heartbeat: HeartbeatRow;
  readonly #talk: PeerTalk;
  readonly #switchovers: Switchovers;
  readonly #role: RoleKeeper;
  readonly #gaps: GapWatch;
  readonly #row: NodeRow;
  readonly #startedAt: string;
  readonly #linkLoss: LinkLoss;
  readonly #differences: SettingDifferences;
  #readiness: Readiness = { isReady: false, findings: [] };
  #ownedEpoch: number | undefined;
  #votes: VoteState | undefined;
  #roleSince: string;
  #cancelReport: (() => void) | undefined;
  #after: 'takeover' | 'handOver' = 'takeover';
  #isStopped = false;
  #virtualAddresses: readonly string[];

  /** @param open connections for heartbeat, fence and events, each of its own */
  constructor(options: PairNodeOptions, surroundings: PairSurroundings, open: OpenSession, clock: Clock, log: Log) {
    this.#options = options;
    this.#virtualAddresses = options.virtualAddresses;
    this.#surroundings = surroundings;
    this.#clock = clock;
    this.#log = log.child({ pair: options.pair });
    this.#startedAt = this.#now();
    this.#roleSince = this.#startedAt;
    const { pair, beatMs, leaseMs } = options;
    this.#heartbeat = new HeartbeatRow({ pair, answerMs: Math.max(leaseMs / 2, 2 * beatMs), fenceMs: FENCE_MS }, open);
    const { link, ears, address, memory, events } = surroundings;
    this.#gaps = new GapWatch(open, events, clock, this.#log);
    this.#row = new NodeRow(pair, options.session, () => this.#ownStatus(), open, clock, this.#log);
    this.#talk = new PeerTalk(this.#talkParts(), this.#log);
    this.#differences = new SettingDifferences(
      () => surroundings.settingDigests(),
      () => this.#talk.settingDigests(),
    );
    this.#linkLoss = new LinkLoss(clock, () => void this.#switchovers.withoutLink());
    this.#role = new RoleKeeper(
      options,
      {
        heartbeat: this.#heartbeat,
        link,
        requests: this.#talk.requests,
        address,
        ears: this.#earsWithInheritance(ears),
        memory: this.#forgivingMemory(memory),
        isReady: () => this.#readiness.isReady,
      },
      clock,
    );
    const { node, peer, handOverMs } = options;
    const moving = { node, peer, handOverMs, role: this.#role, talk: this.#talk, events };
    this.#switchovers = new Switchovers(moving, clock, this.#log);
  }

  async start(): Promise<void> {
    const { link, stream } = this.#surroundings;
    stream.onOpen = (connection) => this.#talk.meet(connection);
    await link.start();
    await stream.start();
    this.#surroundings.events.onEvent = (event) => this.#talk.tellEvent(event);
    this.#role.onChange = (change) => this.#changed(change);
    await this.#report();
    await this.#row.start();
    this.#role.start();
  }

  /** Hands the role over where the peer can take it, then gives everything up. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelReport?.();
    this.#gaps.stop();
    if (this.#role.status().role === 'active') await this.#switchovers.beforeTheEnd();
    await withTimeout(this.#role.stop(), ROLE_STOP_MS, 'giving up the role').catch((error: unknown) => {
      this.#log.warn(
        { error: messageOf(error) },
        'the role was not given up in order; what it holds ends with its lease',
      );
    });
    this.#surroundings.own(undefined);
    await this.#row.stop();
    await this.#heartbeat.stop();
    await this.#surroundings.stream.stop();
    await this.#surroundings.link.stop();
  }

  /** The other node, as far as settings go. */
  get settingsPeer(): SettingsPeer {
    return {
      name: this.#options.peer,
      isLed: this.leads,
      isThere: this.#talk.channel !== undefined,
      digest: this.#talk.peer?.status.settingsDigest,
      give: (news) => this.#talk.giveSettings(news),
    };
  }

  /** Other virtual addresses, or the same with other prefix lengths. @param written like `10.0.0.50/24` */
  async changeAddresses(written: readonly string[]): Promise<void> {
    this.#virtualAddresses = written;
    await this.#surroundings.changeAddresses(written, this.leads);
  }

  /** The workers of this node have learnt something. */
  told(entries: readonly WarmEntry[]): void {
    this.#surroundings.warm.changed(entries);
  }

  get isActive(): boolean {
    return this.#role.status().role === 'active';
  }

  /** Whether this node listens, or is about to. */
  get leads(): boolean {
    return this.#role.status().role !== 'standby';
  }

  get epoch(): number {
    return this.#role.status().knownEpoch;
  }

  /**
   * Moves the role, as an operator asks.
   * @param to the node that is to be active; undefined: the one that is not
   * @throws DogwatchError `SWITCHOVER_REFUSED` with why; `PEER_UNREACHABLE`
   */
  switchover(to: string | undefined, force: boolean): Promise<{ summary: string; epoch: number }> {
    return this.#switchovers.move(to, force);
  }

  status(): PairStatus {
    const { pair, peer } = this.#options;
    const virtualAddresses = this.#virtualAddresses;
    const { heartbeat, heartbeatAgeMs } = this.#role.status();
    const link = this.#surroundings.link.status;
    return {
      pair,
      virtualAddresses,
      heartbeat:
        heartbeat === undefined
          ? undefined
          : { holder: heartbeat.holder, epoch: heartbeat.epoch, ageMs: Math.max(0, heartbeatAgeMs ?? 0) },
      own: this.#ownStatus(),
      peer: this.#talk.peer?.status,
      peerName: peer,
      link: {
        heardMsAgo: link.heardAgoMs,
        roundTripMs: link.roundTripMs,
        clockOffsetMs: link.clockOffsetMs,
        loss: link.heardAgoMs === undefined ? undefined : link.lossRate,
        trouble: link.troubles.length === 0 ? undefined : link.troubles.join('; '),
      },
      events: this.#surroundings.events.recent,
    };
  }

  #talkParts(): PeerTalkParts {
    const surroundings = this.#surroundings;
    return {
      events: surroundings.events,
      warm: surroundings.warm,
      report: async () => ({
        status: this.#ownStatus(),
        engine: surroundings.engine(),
        macs: await surroundings.macs(),
      }),
      switchover: async ({ to, force }) => {
        try {
          if (!this.isActive) throw new Error(`${this.#options.node} is not active either`);
          return { refusal: undefined, ...(await this.switchover(to, force)) };
        } catch (error) {
          return { refusal: messageOf(error), summary: '', epoch: this.epoch };
        }
      },
      settingDigests: () => surroundings.settingDigests(),
      takeSettings: (news) => surroundings.takeSettings(news),
      heard: ({ status, macs }, before) => {
        this.peerMacs = macs;
        surroundings.heard();
        if (before?.status.readiness.isReady === false && status.readiness.isReady)
          this.#log.info({ node: status.node }, 'the peer is ready to take over');
      },
    };
  }

  #earsWithInheritance(ears: Ears): Ears {
    return {
      open: async () => {
        const surroundings = this.#surroundings;
        surroundings.inherit(this.#talk.peer?.engine, this.#after);
        await ears.open();
        this.#gaps.opened(this.epoch, surroundings.link.status.clockOffsetMs ?? 0);
      },
      extend: (untilMs) => ears.extend(untilMs),
      close: () => ears.close(),
    };
  }

  /**
   * An epoch that cannot be written down protects from a database that is restored from a backup, and from nothing else: a full
   * disk must not make both nodes dark.
   */
  #forgivingMemory(memory: EpochMemory): EpochMemory {
    return {
      load: () => memory.load(),
      save: (epoch) => {
        try {
          memory.save(epoch);
        } catch (error) {
          const summary = `epoch ${epoch} cannot be written down on ${this.#options.node}: ${messageOf(error)}`;
          this.#surroundings.events.add('alarm', epoch, summary);
        }
      },
    };
  }

  #changed(change: RoleChange): void {
    const { from, to } = change;
    if (from !== to) this.#roleSince = this.#now();
    if (from === 'standby') this.#after = wasHandedOver(change) ? 'handOver' : 'takeover';
    const told = eventOf(this.#options, change);
    if (told !== undefined) this.#surroundings.events.add(told.kind, change.epoch, told.summary, told.details);
    // Before the peer can be told that it leads.
    if (to === 'standby' && from !== to) this.#surroundings.warm.leave();
    if (from === 'standby' && from !== to) this.#surroundings.warm.lead();
    // Before anything else can happen: what needs a single owner ends with the role.
    if (to !== 'active') this.#own(undefined);
    void this.#talk.tell();
  }

  #own(epoch: number | undefined): void {
    if (epoch === this.#ownedEpoch) return;
    this.#ownedEpoch = epoch;
    const { pair } = this.#options;
    this.#surroundings.own(epoch === undefined ? undefined : { pair, epoch, sessionName: epochName(pair, epoch) });
  }

  /** Looks at itself, and tells the peer, every second. */
  async #report(): Promise<void> {
    this.#look();
    await this.#talk.tell();
    if (this.#isStopped) return;
    this.#cancelReport = this.#clock.after(REPORT_MS, () => void this.#report());
  }

  #look(): void {
    const before = this.#readiness;
    const peer = this.#talk.peer?.status;
    const differing = this.#differences.between(this.#surroundings.settingsDigest(), peer?.settingsDigest);
    const found = this.#surroundings.readiness(peer, this.#role.status().databaseAnsweredMs ?? 0, differing);
    this.#readiness = withRefusal(withNamesake(found, this.#row.namesake), this.#heartbeat.refusal);
    // It goes on while the database is away: whatever it writes is fenced by the epoch.
    const epoch = this.#role.singletonEpoch();
    if (epoch !== undefined) this.#own(epoch);
    const { isReady, findings } = this.#readiness;
    if (before.findings.length > 0 && before.isReady !== isReady) {
      const why = findings.filter(({ state }) => state === 'fail').map(({ name, found }) => `${name}: ${found}`);
      const summary = isReady
        ? `${this.#options.node} is ready to be active`
        : `${this.#options.node} is not ready to be active`;
      this.#surroundings.events.add(
        'readiness',
        this.epoch,
        why.length === 0 ? summary : `${summary}: ${why.join('; ')}`,
      );
    }
    this.#linkLoss.look({
      isActive: this.isActive,
      hasLink: findings.some(({ name, state }) => name === 'link' && state === 'fail') ? false : undefined,
      peerIsReady: this.#talk.peer?.status.readiness.isReady === true,
    });
    const { votes, events } = voteChanges(this.#votes, this.#role.status(), this.#options.node);
    this.#votes = votes;
    for (const { summary, details } of events) this.#surroundings.events.add('vote', this.epoch, summary, details);
  }

  #ownStatus(): PairNodeStatus {
    const { node, version, address } = this.#options;
    const role = this.#role.status();
    return {
      node,
      version,
      address,
      startedAt: this.#startedAt,
      role: role.role,
      reason: role.trouble === '' ? role.reason.text : `${role.reason.text}; ${role.trouble}`,
      since: this.#roleSince,
      epoch: role.knownEpoch,
      votes: {
        database: { leftMs: role.databaseVoteMs ?? 0, trouble: this.#heartbeat.refusal },
        peer: { leftMs: role.peerVoteMs ?? 0, trouble: undefined },
      },
      holdsAddress: this.#surroundings.address.isHeld?.() ?? role.role !== 'standby',
      isListening: this.#surroundings.isListening(),
      readiness: this.#readiness,
      queue: this.#surroundings.queue(),
      settingsDigest: this.#surroundings.settingsDigest(),
    };
  }

  #now(): string {
    return new Date(this.#clock.nowMicros() / 1000).toISOString();
  }
}

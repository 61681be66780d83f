import type { WarmEntry } from '../../collectors/warm-state.ts';
import type { OpenSession } from '../../ha/heartbeat/sql-session.ts';
import { epochName, HeartbeatRow } from '../../ha/heartbeat/heartbeat-row.ts';
import type { PeerLink } from '../../ha/peer/peer-link.ts';
import type { PeerStream } from '../../ha/peer/peer-stream.ts';
import { RoleKeeper, type RoleChange } from '../../ha/role/keeper/role-keeper.ts';
import type { Ears, EpochMemory, VirtualAddress } from '../../ha/role/ports.ts';
import { Channel } from '../processes/channel.ts';
import type { Clock } from '../runtime/clock.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { type Component, withTimeout } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { SettingsNews, SettingsPeer, SettingsVerdict } from '../settings/settings-peer.ts';
import type { EventLog } from './event-log.ts';
import { NodeRow } from './node-row.ts';
import { GapWatch } from './gap-watch.ts';
import { LinkLoss } from './link-loss.ts';
import { type PairChannel, RoleRequests, warmPeer } from './pair-channel.ts';
import type { PairEvent } from './pair-event.ts';
import type { PairNodeStatus, PairStatus, Readiness } from './pair-status.ts';
import type { PairReport } from './pair-words.ts';
import { eventOf, voteChanges, type VoteState } from './role-events.ts';
import { PeerIpc } from './peer-ipc.ts';
import type { WarmMirror } from './warm-mirror.ts';

export interface PairNodeOptions {
  readonly pair: string;
  readonly node: string;
  readonly version: string;
  /** Own address and port, as shown. */
  readonly address: string;
  readonly peer: string;
  readonly session: string;
  readonly virtualAddresses: readonly string[];
  readonly beatMs: number;
  readonly leaseMs: number;
  readonly windowMs: number;
  readonly whenIsolated: 'collect' | 'stepDown';
  readonly handOverMs: number;
}

/** What the rest of the program does for the pair. */
export interface PairSurroundings {
  readonly link: PeerLink;
  readonly stream: PeerStream;
  readonly events: EventLog;
  readonly ears: Ears;
  readonly address: VirtualAddress;
  readonly memory: EpochMemory;
  readonly warm: WarmMirror;
  /** Whether this node could be active, found anew every few seconds. @param silentMs since when the database has not answered the heartbeat */
  readiness(peer: PairNodeStatus | undefined, silentMs: number): Readiness;
  /** Whether the workers have said that they listen. */
  isListening(): boolean;
  queue(): PairNodeStatus['queue'];
  engine(): PairReport['engine'];
  macs(): Promise<readonly string[]>;
  settingsDigest(): string;
  /** Shared settings that the peer gives. */
  takeSettings(news: SettingsNews): Promise<SettingsVerdict>;
  /** @param isHeld whether they have to be on the interface when it is done */
  changeAddresses(written: readonly string[], isHeld: boolean): Promise<void>;
  /** The peer has told of itself. */
  heard(): void;
  /** The peer's SNMP engine, and what workers of another node had for themselves, become this node's before it listens. */
  inherit(engine: PairReport['engine'] | undefined, after: 'takeover' | 'handOver'): void;
  /** What needs a single owner is done here, under this epoch; undefined: no more, at once. */
  own(epoch: { readonly pair: string; readonly epoch: number; readonly sessionName: string } | undefined): void;
}

const REPORT_MS = 1000;
const FENCE_MS = 5000;
const ROLE_STOP_MS = 4000;
/** Successors of all processes there, one after the other. */
const SETTINGS_MS = 120_000;

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
  readonly #requests = new RoleRequests();
  readonly #role: RoleKeeper;
  readonly #gaps: GapWatch;
  readonly #row: NodeRow;
  readonly #startedAt: string;
  #channel: PairChannel | undefined;
  readonly #linkLoss: LinkLoss;
  #peer: PairReport | undefined;
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
    this.#linkLoss = new LinkLoss(clock, () => void this.#handOverWithoutLink());
    this.#role = new RoleKeeper(
      options,
      {
        heartbeat: this.#heartbeat,
        link,
        requests: this.#requests,
        address,
        ears: this.#earsWithInheritance(ears),
        memory: this.#forgivingMemory(memory),
        isReady: () => this.#readiness.isReady,
      },
      clock,
    );
  }

  async start(): Promise<void> {
    const { link, stream } = this.#surroundings;
    stream.onOpen = (connection) => this.#meet(new Channel(new PeerIpc(connection)));
    await link.start();
    await stream.start();
    this.#surroundings.events.onEvent = (event) => void this.#channel?.send('pair.event', event);
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
    if (this.#role.status().role === 'active') await this.#handOverBeforeTheEnd();
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

  /** A connection to the peer is there. */
  #meet(channel: PairChannel): void {
    this.#channel = channel;
    channel.onClose = () => this.#part(channel);
    this.#requests.open(channel);
    const { warm } = this.#surroundings;
    channel.on('pair.report', (report) => this.#hear(report));
    channel.on('pair.event', (event) => this.#hearEvent(event));
    channel.answer('pair.warm', (news) => {
      warm.heard(news);
      return undefined;
    });
    channel.answer('pair.warm-digests', () => warm.digests());
    channel.answer('pair.switchover', async ({ to, force }) => {
      try {
        if (!this.isActive) throw new Error(`${this.#options.node} is not active either`);
        return { refusal: undefined, ...(await this.switchover(to, force)) };
      } catch (error) {
        return { refusal: messageOf(error), summary: '', epoch: this.epoch };
      }
    });
    channel.answer('pair.settings', (news) => this.#surroundings.takeSettings(news));
    warm.open(warmPeer(channel));
    void this.#tell();
  }

  #part(channel: PairChannel): void {
    this.#requests.close(channel);
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#surroundings.warm.close();
  }

  /** The other node, as far as settings go. */
  get settingsPeer(): SettingsPeer {
    const channel = this.#channel;
    return {
      name: this.#options.peer,
      isLed: this.leads,
      isThere: channel !== undefined,
      digest: this.#peer?.status.settingsDigest,
      give: async (news) => {
        if (channel === undefined) throw new DogwatchError('PEER_UNREACHABLE', 'there is no connection to the peer');
        return channel.request('pair.settings', news, SETTINGS_MS);
      },
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
  async switchover(to: string | undefined, force: boolean): Promise<{ summary: string; epoch: number }> {
    const { node, peer } = this.#options;
    if (to !== undefined && to !== node && to !== peer)
      throw new DogwatchError(
        'SWITCHOVER_REFUSED',
        `no node of this pair is called ${to}: they are ${node} and ${peer}`,
      );
    const isHere = this.isActive;
    if (to === (isHere ? node : peer)) return { summary: `${to} is active already`, epoch: this.epoch };
    if (!isHere) return this.#askPeerToSwitch(to, force);
    const beganMs = this.#clock.monotonicMs();
    const outcome = await this.#role.switchOver({ force });
    if (!outcome.moved) throw new DogwatchError('SWITCHOVER_REFUSED', outcome.reason);
    const ms = Math.round(this.#clock.monotonicMs() - beganMs);
    const summary = `${peer} is active with epoch ${outcome.epoch}, after ${ms} ms`;
    this.#surroundings.events.add('switchover', outcome.epoch, `${node} handed the role over to ${peer}`, {
      ms,
      reason: outcome.reason,
    });
    return { summary, epoch: outcome.epoch };
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
      peer: this.#peer?.status,
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

  async #askPeerToSwitch(to: string | undefined, force: boolean): Promise<{ summary: string; epoch: number }> {
    const channel = this.#channel;
    if (channel === undefined)
      throw new DogwatchError('PEER_UNREACHABLE', 'the active node cannot be asked: there is no connection to it');
    const { handOverMs } = this.#options;
    const answer = await channel.request('pair.switchover', { to, force }, 2 * handOverMs);
    if (answer.refusal !== undefined) throw new DogwatchError('SWITCHOVER_REFUSED', answer.refusal);
    return answer;
  }

  async #handOverBeforeTheEnd(): Promise<void> {
    const { handOverMs, peer } = this.#options;
    try {
      const { moved, reason } = await withTimeout(this.#role.switchOver(), handOverMs, 'the switchover');
      if (moved)
        this.#surroundings.events.add(
          'switchover',
          this.epoch,
          `${this.#options.node} stops, and handed the role over to ${peer}`,
        );
      else this.#log.warn({ reason }, 'stopping without a successor');
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'stopping without a successor');
    }
  }

  async #handOverWithoutLink(): Promise<void> {
    const { node, peer } = this.#options;
    try {
      const { moved, reason, epoch } = await this.#role.switchOver();
      const summary = `${node} has no link to the devices, and handed the role over to ${peer}`;
      if (moved) this.#surroundings.events.add('switchover', epoch, summary, { reason });
      else this.#log.warn({ reason }, 'there is no link to the devices, and the role could not be handed over');
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the role could not be handed over');
    }
  }

  #earsWithInheritance(ears: Ears): Ears {
    return {
      open: async () => {
        const surroundings = this.#surroundings;
        surroundings.inherit(this.#peer?.engine, this.#after);
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
    // Without the database's word only a peer that hands over makes a standby active.
    if (from === 'standby') this.#after = change.reason.code === 'PEER_VOTE' ? 'handOver' : 'takeover';
    const told = eventOf(this.#options, change);
    if (told !== undefined) this.#surroundings.events.add(told.kind, change.epoch, told.summary, told.details);
    // Before the peer can be told that it leads.
    if (to === 'standby' && from !== to) this.#surroundings.warm.leave();
    if (from === 'standby' && from !== to) this.#surroundings.warm.lead();
    // Before anything else can happen: what needs a single owner ends with the role.
    if (to !== 'active') this.#own(undefined);
    void this.#tell();
  }

  #own(epoch: number | undefined): void {
    if (epoch === this.#ownedEpoch) return;
    this.#ownedEpoch = epoch;
    const { pair } = this.#options;
    this.#surroundings.own(epoch === undefined ? undefined : { pair, epoch, sessionName: epochName(pair, epoch) });
  }

  #hear(report: PairReport): void {
    const before = this.#peer?.status.readiness;
    this.#peer = report;
    this.peerMacs = report.macs;
    const { readiness, node } = report.status;
    this.#surroundings.heard();
    if (before?.isReady === false && readiness.isReady) this.#log.info({ node }, 'the peer is ready to take over');
  }

  #hearEvent(event: PairEvent): void {
    this.#surroundings.events.hear(event);
  }

  /** Looks at itself, and tells the peer, every second. */
  async #report(): Promise<void> {
    this.#look();
    await this.#tell();
    if (this.#isStopped) return;
    this.#cancelReport = this.#clock.after(REPORT_MS, () => void this.#report());
  }

  #look(): void {
    const before = this.#readiness;
    const found = this.#surroundings.readiness(this.#peer?.status, this.#role.status().databaseAnsweredMs ?? 0);
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
      peerIsReady: this.#peer?.status.readiness.isReady === true,
    });
    const { votes, events } = voteChanges(this.#votes, this.#role.status(), this.#options.node);
    this.#votes = votes;
    for (const { summary, details } of events) this.#surroundings.events.add('vote', this.epoch, summary, details);
  }

  async #tell(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return;
    const surroundings = this.#surroundings;
    try {
      channel.send('pair.report', {
        status: this.#ownStatus(),
        engine: surroundings.engine(),
        macs: await surroundings.macs(),
      });
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'the peer is told nothing');
    }
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

function withNamesake(readiness: Readiness, namesake: string | undefined): Readiness {
  if (namesake === undefined) return readiness;
  const found = `another node of this pair has the same node.name, at ${namesake}`;
  const remedy = 'give each node of the pair a node.name of its own';
  return { isReady: false, findings: [{ name: 'node name', state: 'fail', found, remedy }, ...readiness.findings] };
}

function withRefusal(readiness: Readiness, refusal: string | undefined): Readiness {
  if (refusal === undefined) return readiness;
  const remedy =
    'GRANT SELECT, INSERT, UPDATE ON ha_heartbeat TO that role, or set database.url to the owner of the tables';
  return {
    isReady: false,
    findings: [{ name: 'heartbeat', state: 'fail', found: refusal, remedy }, ...readiness.findings],
  };
}

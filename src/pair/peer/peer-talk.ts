import type { PeerConnection } from '../../../ha/peer/stream/peer-connection.ts';
import { Channel } from '../../processes/channel.ts';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { SettingsNews, SettingsVerdict } from '../../settings/settings-peer.ts';
import type { EventLog } from '../events/event-log.ts';
import type { PairEvent } from '../events/pair-event.ts';
import type { WarmMirror } from '../warm/warm-mirror.ts';
import { type PairChannel, RoleRequests, warmPeer } from './pair-channel.ts';
import type { PairReport, SwitchoverAnswer, SwitchoverWish } from './pair-words.ts';
import { PeerIpc } from './peer-ipc.ts';

/** What this node says when it is asked, and of itself. */
export interface PeerTalkParts {
  readonly events: EventLog;
  readonly warm: WarmMirror;
  report(): Promise<PairReport>;
  switchover(wish: SwitchoverWish): Promise<SwitchoverAnswer>;
  takeSettings(news: SettingsNews): Promise<SettingsVerdict>;
  settingDigests(): Readonly<Record<string, string>>;
  /** The peer has told of itself. @param before what it said before that */
  heard(report: PairReport, before: PairReport | undefined): void;
}

const DIGESTS_MS = 5000;
/** Successors of all processes there, one after the other. */
const SETTINGS_MS = 120_000;

/**
 * What the nodes say to each other over whatever connection there is.
 *
 *   no connection ──meet()──▶ talking ──it closes, or another meet()──▶ no connection, or the other
 */
export class PeerTalk {
  readonly requests = new RoleRequests();
  /** What the peer said of itself last. */
  peer: PairReport | undefined;
  /** The connection that there is now. */
  channel: PairChannel | undefined;
  readonly #parts: PeerTalkParts;
  readonly #log: Log;

  constructor(parts: PeerTalkParts, log: Log) {
    this.#parts = parts;
    this.#log = log;
  }

  /** A connection to the peer is there. */
  meet(connection: PeerConnection): void {
    const channel: PairChannel = new Channel(new PeerIpc(connection));
    this.channel = channel;
    channel.onClose = () => this.#part(channel);
    this.requests.open(channel);
    const { warm, events } = this.#parts;
    channel.on('pair.report', (report) => this.#hear(report));
    channel.on('pair.event', (event) => events.hear(event));
    channel.answer('pair.warm', (news) => {
      warm.heard(news);
      return undefined;
    });
    channel.answer('pair.warm-digests', () => warm.digests());
    channel.answer('pair.switchover', (wish) => this.#parts.switchover(wish));
    channel.answer('pair.settings', (news) => this.#parts.takeSettings(news));
    channel.answer('pair.setting-digests', () => this.#parts.settingDigests());
    warm.open(warmPeer(channel));
    void this.tell();
  }

  /** Tells the peer of this node. */
  async tell(): Promise<void> {
    const { channel } = this;
    if (channel === undefined) return;
    try {
      channel.send('pair.report', await this.#parts.report());
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'the peer is told nothing');
    }
  }

  tellEvent(event: PairEvent): void {
    this.channel?.send('pair.event', event);
  }

  /** @throws DogwatchError `PEER_UNREACHABLE` */
  async giveSettings(news: SettingsNews): Promise<SettingsVerdict> {
    if (this.channel === undefined) throw new DogwatchError('PEER_UNREACHABLE', 'there is no connection to the peer');
    return this.channel.request('pair.settings', news, SETTINGS_MS);
  }

  /** @throws DogwatchError `PEER_UNREACHABLE`, and that it does not answer */
  async settingDigests(): Promise<Readonly<Record<string, string>>> {
    if (this.channel === undefined) throw new DogwatchError('PEER_UNREACHABLE', 'there is no connection to the peer');
    return this.channel.request('pair.setting-digests', undefined, DIGESTS_MS);
  }

  #part(channel: PairChannel): void {
    this.requests.close(channel);
    if (this.channel !== channel) return;
    this.channel = undefined;
    this.#parts.warm.close();
  }

  #hear(report: PairReport): void {
    const before = this.peer;
    this.peer = report;
    this.#parts.heard(report, before);
  }
}

import type { PeerLink } from '../../ha/peer/peer-link.ts';
import type { PeerStream } from '../../ha/peer/peer-stream.ts';
import type { Ears, EpochMemory, VirtualAddress } from '../../ha/role/ports.ts';
import type { SettingsNews, SettingsVerdict } from '../settings/settings-peer.ts';
import type { EventLog } from './events/event-log.ts';
import type { PairNodeStatus, Readiness } from './pair-status.ts';
import type { PairReport } from './peer/pair-words.ts';
import type { WarmMirror } from './warm/warm-mirror.ts';

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
  /**
   * Whether this node could be active, found anew every few seconds.
   * @param silentMs since when the database has not answered the heartbeat
   * @param differing paths of shared settings that are others on the peer, as far as they are known
   */
  readiness(peer: PairNodeStatus | undefined, silentMs: number, differing: readonly string[] | undefined): Readiness;
  /** Whether the workers have said that they listen. */
  isListening(): boolean;
  queue(): PairNodeStatus['queue'];
  engine(): PairReport['engine'];
  macs(): Promise<readonly string[]>;
  settingsDigest(): string;
  /** Of each shared setting, by its path. */
  settingDigests(): Readonly<Record<string, string>>;
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

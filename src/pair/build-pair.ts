import { networkInterfaces } from 'node:os';
import { PeerLink } from '../../ha/peer/peer-link.ts';
import { PeerStream } from '../../ha/peer/peer-stream.ts';
import { whatIsMissing } from '../../ha/virtual-ip/linux/what-is-missing.ts';
import { createVirtualAddress } from '../../ha/virtual-ip/virtual-address.ts';
import type { EngineIdentity } from '../../collectors/snmp/usm/engines/engine-identity.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { Config } from '../config/schema.ts';
import type { CollectorStatus } from '../console/status.ts';
import type { Attendants } from '../keeper/attendants.ts';
import type { HeldSockets } from '../keeper/held-sockets.ts';
import type { WarmStore } from '../keeper/warm-store.ts';
import type { Workers } from '../keeper/workers.ts';
import { machineMs, systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { SharedReload } from '../settings/shared-reload.ts';
import { changeAddresses } from './address/change-addresses.ts';
import { EpochFile } from './epoch-file.ts';
import type { EventLog } from './events/event-log.ts';
import { GatedEars } from './address/gated-ears.ts';
import { defaultGateways } from './readiness/gateways.ts';
import { hasCarrier } from './readiness/link-loss.ts';
import { folderTrouble, takenPorts, unreadableFiles } from './readiness/node-facts.ts';
import { PairNode } from './pair-node.ts';
import { readPairSecret } from './pair-secret.ts';
import type { PairNodeStatus, Readiness } from './pair-status.ts';
import { readinessOf, type ReadinessFacts } from './readiness/readiness.ts';
import { sessionsOf } from './sessions.ts';
import { settingDigests, settingsDigest } from './settings-digest.ts';
import type { WarmArchive } from './warm/warm-archive.ts';
import { WarmMirror } from './warm/warm-mirror.ts';

export interface PairParts {
  readonly version: string;
  readonly database: DatabaseAddress;
  readonly sockets: HeldSockets;
  readonly workers: Workers;
  readonly attendants: Attendants;
  readonly warm: WarmStore;
  readonly archive: WarmArchive;
  readonly engine: EngineIdentity;
  readonly events: EventLog;
  /** That were taken last. */
  readonly settings: () => Config;
  /** What the pair's settings go through. */
  readonly shared: SharedReload;
  readonly isMigrated: () => boolean;
  /** Of this node, without the pair. */
  readonly status: () => Promise<CollectorStatus>;
}

type Ha = NonNullable<Config['ha']>;

const FACTS_EVERY_MS = 5000;

/**
 * The pair of this configuration, not started yet.
 * @throws DogwatchError `PAIR_SECRET_…`, `ADDRESS_MALFORMED`, `INTERFACE_MALFORMED`, `COMMAND_MISSING`
 */
export function buildPair(config: Config, ha: Ha, parts: PairParts, log: Log): PairNode {
  const { version, database, sockets, workers, attendants, warm, engine } = parts;
  const name = config.node.name;
  const clock = systemClock;
  const place = {
    node: name,
    address: ha.address,
    port: ha.port,
    peer: { name: ha.peer.name, address: ha.peer.address, port: ha.peer.port ?? ha.port },
    secret: readPairSecret(ha.secretFile),
    version,
  };
  const link = new PeerLink(place, clock, log);
  const stream = new PeerStream({ ...place, session: link.session }, clock, log);
  const address = createVirtualAddress(
    {
      driver: ha.driver,
      addresses: ha.virtualAddresses,
      interface: ha.interface ?? '',
      node: name,
      commandTimeoutMs: ha.commandTimeout,
      epoch: () => node.epoch,
      peerMacs: () => node.peerMacs,
      neighbours: () => (ha.neighbours.length > 0 ? ha.neighbours : [...defaultGateways(), ha.peer.address]),
      ...(ha.command?.[0] === undefined ? {} : { command: ha.command[0], commandParameters: ha.command.slice(1) }),
    },
    clock,
    log,
  );
  const mirror = new WarmMirror(
    warm,
    (entries) => workers.tell(entries),
    () => node.leads,
    clock,
    log,
  );
  mirror.onGiven = () => workers.inheritHeld();
  mirror.onLead = (entries) => parts.archive.adopt(entries);
  mirror.onMerged = (entries) => parts.archive.changed(entries);
  const look = new NodeLook(config, ha, parts, mirror, () => link.status.clockOffsetMs);
  const ears = new GatedEars(sockets, workers, () => clock.monotonicMs());
  const node = new PairNode(
    {
      pair: ha.pair,
      node: name,
      version,
      address: `${ha.address} port ${ha.port}`,
      peer: ha.peer.name,
      session: link.session,
      virtualAddresses: ha.virtualAddresses,
      beatMs: ha.beat,
      leaseMs: ha.lease,
      windowMs: ha.takeoverWindow,
      whenIsolated: ha.whenIsolated,
      handOverMs: ha.handOverTimeout,
    },
    {
      link,
      stream,
      events: parts.events,
      ears,
      address,
      memory: new EpochFile(config.stateDirectory, ha.pair),
      warm: mirror,
      readiness: (peer, silentMs, differing) => look.readiness(peer, silentMs, differing),
      isListening: () => workers.isListening,
      queue: () => look.queue(),
      engine: () => {
        const { engineId, boots, startedAtMs } = engine.share();
        return { engineId, boots, ageMs: machineMs() - startedAtMs };
      },
      macs: () => Promise.resolve(macsOf(ha.interface)),
      settingsDigest: () => settingsDigest(parts.settings()),
      settingDigests: () => settingDigests(parts.settings()),
      takeSettings: (news) => parts.shared.take(news),
      heard: () => void parts.shared.catchUp(),
      changeAddresses: (written, isHeld) => changeAddresses(address, written, isHeld, clock),
      inherit(theirs, after) {
        ears.after = after;
        if (theirs !== undefined) {
          const { ageMs, ...identity } = theirs;
          engine.adopt({ ...identity, startedAtMs: machineMs() - ageMs });
        }
        workers.inherit(engine.share());
      },
      own(epoch) {
        if (epoch === undefined) {
          void attendants.rest();
          return;
        }
        parts.shared.note();
        attendants.maintain(epoch);
      },
    },
    sessionsOf(database, 'dogwatch pair'),
    clock,
    log,
  );
  return node;
}

/** What this node finds of itself: numbers at once, what takes time every few seconds. */
class NodeLook {
  readonly #config: Config;
  readonly #ha: Ha;
  readonly #parts: PairParts;
  readonly #mirror: WarmMirror;
  readonly #clockOffsetMs: () => number | undefined;
  #slow: Pick<ReadinessFacts, 'addressTroubles' | 'takenPorts' | 'unreadableFiles' | 'folderTrouble'> = {
    addressTroubles: [],
    takenPorts: [],
    unreadableFiles: [],
    folderTrouble: undefined,
  };
  #lookedAtMs = -Infinity;
  #status: CollectorStatus | undefined;

  constructor(config: Config, ha: Ha, parts: PairParts, mirror: WarmMirror, clockOffsetMs: () => number | undefined) {
    this.#config = config;
    this.#ha = ha;
    this.#parts = parts;
    this.#mirror = mirror;
    this.#clockOffsetMs = clockOffsetMs;
  }

  readiness(
    peer: PairNodeStatus | undefined,
    databaseSilentMs: number,
    differingSettings: readonly string[] | undefined,
  ): Readiness {
    const now = systemClock.monotonicMs();
    if (now - this.#lookedAtMs >= FACTS_EVERY_MS) {
      this.#lookedAtMs = now;
      void this.#lookSlowly();
    }
    void this.#parts.status().then((status) => (this.#status = status));
    const { queue, processes = [], journal, writer } = this.#status ?? {};
    return readinessOf(
      {
        ...this.#slow,
        hasLink: this.#hasLink(),
        version: this.#parts.version,
        settingsDigest: settingsDigest(this.#parts.settings()),
        differingSettings,
        isMigrated: this.#parts.isMigrated(),
        databaseTrouble: writer?.error ?? silenceText(databaseSilentMs, this.#ha.takeoverWindow),
        queueTrouble: queue === undefined || queue.state === 'well' ? undefined : `Redis is ${queue.state}`,
        processTroubles: processes
          .filter(({ name, state }) => name.startsWith('worker') && state !== 'running')
          .map(({ name, state }) => `${name} is ${state}`),
        journalDirectory: this.#config.journal.directory,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        journalBatches: journal?.batches ?? 0,
        journalOldestMs: journal?.oldestMs ?? 0,
        differingWarmKinds: this.#mirror.differing,
        clockOffsetMs: this.#clockOffsetMs(),
      },
      peer,
    );
  }

  queue(): PairNodeStatus['queue'] {
    const { batches = 0, rows = 0, oldestMs = 0 } = this.#status?.journal ?? {};
    return { batches, rows, oldestMs };
  }

  #hasLink(): boolean | undefined {
    const { driver, interface: name } = this.#ha;
    return driver === 'linux' && name !== undefined ? hasCarrier(name) : undefined;
  }

  async #lookSlowly(): Promise<void> {
    const { driver, interface: name = '', virtualAddresses } = this.#ha;
    const missing =
      driver === 'linux'
        ? await whatIsMissing({
            interface: name,
            ipv4: virtualAddresses.some((address) => !address.includes(':')),
            ipv6: virtualAddresses.some((address) => address.includes(':')),
          })
        : [];
    this.#slow = {
      addressTroubles: missing.map(({ what, remedy }) => ({ found: what, remedy })),
      // A node that hands over keeps its own open for a moment.
      takenPorts: this.#parts.sockets.isOpen ? [] : await takenPorts(this.#config),
      unreadableFiles: await unreadableFiles(this.#config),
      folderTrouble: await folderTrouble(this.#config.journal.directory),
    };
  }
}

/** A writer that has nothing to write does not notice; the heartbeat does. */
function silenceText(silentMs: number, windowMs: number): string | undefined {
  return silentMs < windowMs ? undefined : `it has not answered for ${Math.round(silentMs / 1000)} s`;
}

function macsOf(name: string | undefined): string[] {
  const found = Object.entries(networkInterfaces())
    .filter(([each]) => name === undefined || each === name)
    .flatMap(([, addresses = []]) => addresses.map(({ mac }) => mac));
  return [...new Set(found)].filter((mac) => mac !== '00:00:00:00:00:00');
}

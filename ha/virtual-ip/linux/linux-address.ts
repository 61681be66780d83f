import type { Clock } from '../../../src/runtime/clock.ts';
import { DogwatchError } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import type { Probe, VirtualAddress } from '../../role/ports.ts';
import { formatInterfaceAddress, type InterfaceAddress, isIpv6 } from '../interface-address.ts';
import { Announcer } from './announcer.ts';
import { ArpIgnore } from './arp-ignore.ts';
import { type ObservedAddress, type ObservedInterface, readInterface, runIp, showInterface } from './ip-command.ts';
import { lifetimeSeconds } from './lifetime.ts';
import { probeSegment } from './segment-probe.ts';

export interface LinuxAddressOptions {
  readonly interface: string;
  readonly addresses: readonly InterfaceAddress[];
  /** MAC addresses that the peer told as its own; asked at each probe. */
  readonly peerMacs: () => readonly string[];
  /** Who else is on the segment and should answer: gateway, peer, database. Those that the kernel knows are asked besides. */
  readonly neighbours: () => readonly string[];
}

/** What there is of the virtual IP on this machine, as it was last seen. */
export interface AddressStatus {
  readonly interface: string;
  /** Empty: the interface was never seen. */
  readonly mac: string;
  readonly isLinkUp: boolean;
  /** Each of the wanted addresses that the interface carries. */
  readonly held: readonly string[];
  readonly isLingering: boolean;
}

const LOOPBACK = 'lo';
const IP_LIMIT_MS = 500;

/**
 * The virtual IP on an interface of Linux, by `ip`, `arping`, `ndptool` and `ndisc6`.
 *
 *   absent ──hold()──▶ held ──linger()──▶ lingering (on lo, answers no ARP) ──release()──▶ absent
 *                       │ ▲──────────────hold()──────────┘
 *                       └──release(), or its lifetime ends──▶ absent
 *
 * Each step compares what is wanted with what the kernel has, so that it does not matter how things came to be. The kernel forgets the address
 * when its lifetime is over: whatever becomes of this process, nobody has to take the address away from it.
 */
export class LinuxAddress implements VirtualAddress {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: LinuxAddressOptions;
  readonly #announcer: Announcer;
  readonly #arpIgnore: ArpIgnore;
  #addresses: readonly InterfaceAddress[];
  /** Given up by a change of settings, to be taken off at the next step. */
  #former: readonly InterfaceAddress[] = [];
  #seen: ObservedInterface | undefined;
  #isLingering = false;
  #heldUntilMs = -Infinity;
  /** The step that runs; steps never overlap. */
  #running: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #waitingHold: { untilMs: number; done: Promise<void> } | undefined;
  #complaint = '';

  constructor(options: LinuxAddressOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#addresses = options.addresses;
    this.#arpIgnore = new ArpIgnore(options.interface);
    this.#announcer = new Announcer(options.interface, clock, log, () =>
      clock.monotonicMs() < this.#heldUntilMs ? this.#addresses.map((each) => each.address) : [],
    );
  }

  get status(): AddressStatus {
    const held = this.#seen === undefined ? [] : this.#ours(this.#seen).map(formatInterfaceAddress);
    return {
      interface: this.#options.interface,
      mac: this.#seen?.mac ?? '',
      isLinkUp: this.#seen?.isUp === true,
      held,
      isLingering: this.#isLingering,
    };
  }

  /** Other addresses, or the same with other prefixes, from the next step on: what is no longer wanted is taken off then. */
  change(addresses: readonly InterfaceAddress[]): void {
    this.#former = [...this.#former, ...this.#addresses].filter(
      (each) => !addresses.some((wanted) => wanted.address === each.address),
    );
    this.#addresses = addresses;
  }

  /** MAC of the interface, to be told to the peer. Empty where there is no such interface. */
  async mac(): Promise<string> {
    await this.#look();
    return this.#seen?.mac ?? '';
  }

  hold(spanMs: number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + spanMs;
    // One that has not begun yet takes the newer span along, so that a slow `ip` makes no queue.
    if (this.#waitingHold !== undefined) {
      this.#waitingHold.untilMs = untilMs;
      return this.#waitingHold.done;
    }
    const { signal } = this.#abort;
    const waiting = { untilMs, done: Promise.resolve() };
    waiting.done = this.#inTurn(async () => {
      if (this.#waitingHold === waiting) this.#waitingHold = undefined;
      if (!signal.aborted) await this.#hold(waiting.untilMs, signal);
    });
    this.#waitingHold = waiting;
    return waiting.done;
  }

  isHeld(): boolean {
    const isRenewed = this.#clock.monotonicMs() < this.#heldUntilMs;
    const held = this.#ours(this.#seen).filter((each) => isRenewed || each.validSeconds === Infinity);
    return this.#addresses.every((wanted) => held.some((each) => isSame(wanted, each)));
  }

  announce(): void {
    this.#announcer.begin();
  }

  release(): Promise<void> {
    this.#stopHolding();
    return this.#inTurn(async () => {
      const { complaints, leftOver } = await this.#remove();
      this.#isLingering = false;
      if (leftOver.length > 0) throw refused(`${leftOver.join(', ')} could not be removed`, complaints);
    });
  }

  linger(spanMs: number): Promise<void> {
    this.#stopHolding();
    return this.#inTurn(() => this.#linger(Math.max(1, Math.ceil(spanMs / 1000))));
  }

  probe(withinMs: number): Promise<Probe> {
    return probeSegment({
      interface: this.#options.interface,
      addresses: this.#addresses.map((each) => each.address),
      ownMacs: this.#seen === undefined ? [] : [this.#seen.mac],
      peerMacs: this.#options.peerMacs(),
      neighbours: this.#options.neighbours(),
      withinMs,
    });
  }

  async #hold(untilMs: number, signal: AbortSignal): Promise<void> {
    const seconds = lifetimeSeconds(untilMs - this.#clock.monotonicMs());
    const name = this.#options.interface;
    const wasLingering = this.#isLingering;
    const lines = [
      showInterface(name),
      ...(seconds < 1 ? [] : this.#addresses.map((each) => replaceLine(each, name, seconds))),
      ...(wasLingering ? this.#addresses.map((each) => `address del ${onLoopback(each)} dev ${LOOPBACK}`) : []),
      showInterface(name),
    ];
    const outcome = await runIp(lines, IP_LIMIT_MS, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (outcome === undefined) return; // released meanwhile
    const { printed, complaints } = outcome;
    if (wasLingering) {
      this.#isLingering = false;
      await this.#arpIgnore.restore();
    }
    const before = readInterface(printed.slice(0, 1), name);
    const after = readInterface(printed, name);
    if (after === undefined) {
      this.#seen = undefined;
      throw refused(`the interface ${name} is not there`, complaints);
    }
    if (seconds >= 1) this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
    await this.#settle(before, after, signal);
    const missing = this.#addresses.filter((each) => !carries(after, each));
    if (missing.length > 0 && seconds >= 1)
      throw refused(`${missing.map(formatInterfaceAddress).join(', ')} could not be added to ${name}`, complaints);
  }

  /** Removes what stands in the way of the wanted addresses, and tells the segment anew where something happened to them. */
  async #settle(before: ObservedInterface | undefined, after: ObservedInterface, signal: AbortSignal): Promise<void> {
    const known = this.#seen;
    this.#seen = after;
    const byHand = this.#ours(before).filter((each) => each.validSeconds === Infinity);
    if (byHand.length > 0) this.#complain('somebody added the virtual IP without a lifetime; it has one now', byHand);
    const wrong = [...this.#strays(after), ...this.#ours(after).filter((each) => each.isDuplicate)];
    if (wrong.length > 0) {
      const lines = wrong.map((each) => `address del ${formatInterfaceAddress(each)} dev ${after.name}`);
      await runIp(lines, IP_LIMIT_MS, signal);
      this.#former = [];
    }
    if (known === undefined) return;
    const cameBack = this.#ours(known).length > 0 && this.#ours(before).length < this.#ours(known).length;
    if (cameBack) this.#complain('the virtual IP was gone from the interface; added again', this.#ours(after));
    if (!after.isUp && known.isUp)
      this.#log.warn({ interface: after.name }, 'the link of the interface of the virtual ip is down');
    if (this.#announcer.hasBegun && after.isUp && (cameBack || !known.isUp || known.mac !== after.mac))
      this.#announcer.begin();
  }

  async #linger(seconds: number): Promise<void> {
    const name = this.#options.interface;
    if (this.#addresses.some((each) => !isIpv6(each.address))) await this.#arpIgnore.set();
    this.#isLingering = true;
    const additions = this.#addresses.map(
      (each) =>
        `address replace ${onLoopback(each)} dev ${LOOPBACK} ${isIpv6(each.address) ? 'nodad ' : ''}valid_lft ${seconds} preferred_lft ${isIpv6(each.address) ? 0 : seconds}`,
    );
    // Added there before it is removed here: the kernel has it all the time, and so drops nothing.
    const removals = this.#addresses.map((each) => `address del ${formatInterfaceAddress(each)} dev ${name}`);
    const { printed } = await runIp([...additions, ...removals, showInterface(name)], IP_LIMIT_MS);
    this.#seen = readInterface(printed, name);
  }

  async #remove(): Promise<{ complaints: string; leftOver: string[] }> {
    const { link, loopback } = await this.#look();
    const lines = [
      ...[...this.#ours(link), ...this.#strays(link)].map(
        (each) => `address del ${formatInterfaceAddress(each)} dev ${this.#options.interface}`,
      ),
      ...this.#lingering(loopback).map((each) => `address del ${formatInterfaceAddress(each)} dev ${LOOPBACK}`),
    ];
    const { complaints } = lines.length === 0 ? { complaints: '' } : await runIp(lines, IP_LIMIT_MS);
    await this.#arpIgnore.restore();
    this.#former = [];
    if (lines.length === 0) return { complaints, leftOver: [] };
    const now = await this.#look();
    const leftOver = [...this.#ours(now.link), ...this.#lingering(now.loopback)];
    return { complaints, leftOver: leftOver.map(formatInterfaceAddress) };
  }

  async #look(): Promise<{ link: ObservedInterface | undefined; loopback: ObservedInterface | undefined }> {
    const name = this.#options.interface;
    const { printed } = await runIp([showInterface(name), showInterface(LOOPBACK)], IP_LIMIT_MS);
    this.#seen = readInterface(printed, name);
    return { link: this.#seen, loopback: readInterface(printed, LOOPBACK) };
  }

  /** Kills a `hold` that is under way: it must not add the address after what comes next. */
  #stopHolding(): void {
    this.#heldUntilMs = -Infinity;
    this.#announcer.end();
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#waitingHold = undefined;
  }

  async #inTurn(step: () => Promise<void>): Promise<void> {
    const before = this.#running;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running = promise;
    try {
      await before;
      await step();
    } finally {
      resolve();
    }
  }

  #ours(link: ObservedInterface | undefined): readonly ObservedAddress[] {
    return link?.addresses.filter((each) => this.#addresses.some((wanted) => isSame(wanted, each))) ?? [];
  }

  /** Wanted addresses with another prefix, and those that were wanted once. */
  #strays(link: ObservedInterface | undefined): readonly ObservedAddress[] {
    const concerned = [...this.#addresses, ...this.#former].map((each) => each.address);
    const ours = this.#ours(link);
    return link?.addresses.filter((each) => concerned.includes(each.address) && !ours.includes(each)) ?? [];
  }

  #lingering(loopback: ObservedInterface | undefined): readonly ObservedAddress[] {
    const concerned = [...this.#addresses, ...this.#former].map((each) => each.address);
    return loopback?.addresses.filter((each) => concerned.includes(each.address)) ?? [];
  }

  /** Once for each new trouble. */
  #complain(message: string, addresses: readonly InterfaceAddress[]): void {
    const complaint = `${message} ${addresses.map(formatInterfaceAddress).join(', ')}`;
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#log.warn({ interface: this.#options.interface, addresses: addresses.map(formatInterfaceAddress) }, message);
  }
}

function replaceLine(address: InterfaceAddress, name: string, seconds: number): string {
  const line = `address replace ${formatInterfaceAddress(address)} dev ${name}`;
  // IPv6: `preferred_lft 0`, so that it is not chosen as the source of our own connections (RFC 6724, rule 3); `noprefixroute`, so that the
  // route of the network does not expire together with the address. IPv4 chooses the interface's first address anyway.
  return isIpv6(address.address)
    ? `${line} nodad noprefixroute valid_lft ${seconds} preferred_lft 0`
    : `${line} valid_lft ${seconds} preferred_lft ${seconds}`;
}

function onLoopback({ address }: InterfaceAddress): string {
  return `${address}/${isIpv6(address) ? 128 : 32}`;
}

function carries(link: ObservedInterface, wanted: InterfaceAddress): boolean {
  return link.addresses.some((each) => isSame(wanted, each));
}

function isSame(one: InterfaceAddress, other: InterfaceAddress): boolean {
  return one.address === other.address && one.prefixLength === other.prefixLength;
}

function refused(what: string, complaints: string): DogwatchError {
  const because = complaints === '' ? '' : `: ${complaints}`;
  const remedy = /Operation not permitted/.test(complaints)
    ? 'Give the service CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW).'
    : 'Look at ha.interface and ha.virtualAddresses, and at `ip address show`.';
  return new DogwatchError('ADDRESS_REFUSED', `${what}${because}`, { remedy });
}

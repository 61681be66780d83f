import type { Clock } from '../../../src/runtime/clock.ts';
import { DogwatchError } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import type { Probe, VirtualAddress } from '../../role/ports.ts';
import { type CommandResult, describeFailure, runBounded } from '../bounded-command.ts';
import type { InterfaceAddress } from '../interface-address.ts';

export interface CommandAddressOptions {
  /** Absolute path of the user's program. */
  readonly command: string;
  /** Default: none. */
  readonly parameters?: readonly string[];
  readonly addresses: readonly InterfaceAddress[];
  readonly interface: string;
  readonly node: string;
  /** The epoch of this node at this moment. */
  readonly epoch: () => number;
  /** The program is ended after that. Default 10,000. */
  readonly timeoutMs?: number;
  /** Call it for `hold` also where nothing has changed, at most this often. Default: never. */
  readonly refreshMs?: number;
}

type Action = 'hold' | 'release' | 'probe' | 'announce';

const DEFAULT_TIMEOUT_MS = 10_000;
/** After a failure. */
const AGAIN_MS = 1000;

/**
 * The virtual IP as a program of the user's moves it: an address of a cloud, a route, keepalived. It is called once for each address, with
 * everything in its environment (docs/ha-address.md).
 *
 *   unknown ──hold()──▶ held ──release()──▶ absent ──hold()──▶ held
 *      └──release()──▶ absent
 *
 * Nothing takes the address away from a node that is stopped: whoever takes over has to, in its `hold`.
 */
export class CommandAddress implements VirtualAddress {
  readonly #options: CommandAddressOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #addresses: readonly InterfaceAddress[];
  #state: 'unknown' | 'held' | 'absent' = 'unknown';
  #calledAtMs = -Infinity;
  #failedAtMs = -Infinity;
  #failure: unknown;
  #abort = new AbortController();
  #holding: Promise<void> | undefined;
  #releasing: Promise<void> | undefined;

  constructor(options: CommandAddressOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#addresses = options.addresses;
  }

  /** Those that are no longer wanted are released. */
  async change(addresses: readonly InterfaceAddress[]): Promise<void> {
    const former = this.#addresses.filter((each) => !addresses.some((wanted) => isSame(wanted, each)));
    this.#addresses = addresses;
    if (this.#state !== 'held') return;
    this.#state = 'unknown'; // the next `hold` calls for all
    await Promise.all(former.map((each) => this.#call('release', each, 0)));
  }

  hold(spanMs: number): Promise<void> {
    // One that is under way is waited for: clouds take longer than a beat.
    this.#holding ??= this.#hold(spanMs).finally(() => {
      this.#holding = undefined;
    });
    return this.#holding;
  }

  isHeld(): boolean {
    return this.#state === 'held';
  }

  announce(): void {
    for (const address of this.#addresses) {
      void this.#call('announce', address, 0).then((result) => this.#tellFailure('announce', result));
    }
  }

  release(): Promise<void> {
    this.#releasing ??= this.#release().finally(() => {
      this.#releasing = undefined;
    });
    return this.#releasing;
  }

  /** Nothing: what still comes here is read, and who gets the rest is up to the successor's `hold`. */
  linger(_spanMs: number): Promise<void> {
    return Promise.resolve();
  }

  /** The first word that the program prints: `nobody`, `peer` or `foreign`; a second one is shown to the reader. */
  async probe(withinMs: number): Promise<Probe> {
    const limitMs = Math.min(withinMs, this.#timeoutMs);
    const results = await Promise.all(this.#addresses.map((each) => this.#call('probe', each, 0, limitMs)));
    for (const result of results) this.#tellFailure('probe', result);
    const words = results.map(({ stdout }) => stdout.trim().toLowerCase().split(/\s+/));
    const found = words.find(([owner]) => owner === 'foreign') ?? words.find(([owner]) => owner === 'peer');
    if (found === undefined) return { owner: 'nobody', neighbourAnswers: undefined };
    return {
      owner: found[0] === 'foreign' ? 'foreign' : 'peer',
      ...(found[1] === undefined ? {} : { mac: found[1] }),
      neighbourAnswers: undefined,
    };
  }

  async #hold(spanMs: number): Promise<void> {
    const { signal } = this.#abort;
    await this.#releasing?.catch(() => {}); // it has told its caller
    const nowMs = this.#clock.monotonicMs();
    if (signal.aborted || !this.#isDue(nowMs)) return;
    if (nowMs - this.#failedAtMs < AGAIN_MS) throw this.#failure;
    const results = await Promise.all(this.#addresses.map((each) => this.#call('hold', each, spanMs)));
    if (signal.aborted) return;
    const failed = results.find((result) => result.code !== 0);
    if (failed !== undefined) {
      this.#failedAtMs = this.#clock.monotonicMs();
      this.#failure = this.#refused('hold', failed);
      throw this.#failure;
    }
    this.#state = 'held';
    this.#calledAtMs = nowMs;
  }

  #isDue(nowMs: number): boolean {
    return this.#state !== 'held' || nowMs - this.#calledAtMs >= (this.#options.refreshMs ?? Infinity);
  }

  async #release(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    await this.#holding?.catch(() => {});
    this.#failedAtMs = -Infinity;
    if (this.#state === 'absent') return;
    const results = await Promise.all(this.#addresses.map((each) => this.#call('release', each, 0)));
    const failed = results.find((result) => result.code !== 0);
    if (failed !== undefined) throw this.#refused('release', failed);
    this.#state = 'absent';
  }

  #call(action: Action, address: InterfaceAddress, spanMs: number, limitMs = this.#timeoutMs): Promise<CommandResult> {
    const { command, node, epoch, interface: interfaceName } = this.#options;
    const environment = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DOGWATCH_ACTION: action,
      DOGWATCH_ADDRESS: address.address,
      DOGWATCH_PREFIX_LENGTH: String(address.prefixLength),
      DOGWATCH_INTERFACE: interfaceName,
      DOGWATCH_NODE: node,
      DOGWATCH_EPOCH: String(epoch()),
      DOGWATCH_SPAN_MS: String(Math.round(spanMs)),
    };
    const signal = action === 'hold' ? { signal: this.#abort.signal } : {};
    return runBounded(command, this.#options.parameters ?? [], { limitMs, environment, ...signal });
  }

  #tellFailure(action: Action, result: CommandResult): void {
    if (result.code === 0) return;
    this.#log.warn(
      { action, command: this.#options.command, reason: describeFailure(result) },
      'the address command failed',
    );
  }

  #refused(action: Action, result: CommandResult): DogwatchError {
    this.#tellFailure(action, result);
    const message = `${this.#options.command} could not ${action} the virtual IP: ${describeFailure(result)}`;
    return new DogwatchError('ADDRESS_REFUSED', message, {
      remedy: `Run it by hand with DOGWATCH_ACTION=${action} and the other variables of docs/ha-address.md.`,
    });
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }
}

function isSame(one: InterfaceAddress, other: InterfaceAddress): boolean {
  return one.address === other.address && one.prefixLength === other.prefixLength;
}

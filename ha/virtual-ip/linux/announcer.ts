import type { Clock } from '../../../src/runtime/clock.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { describeFailure, findProgram, runBounded } from '../bounded-command.ts';
import { isIpv6 } from '../interface-address.ts';

/** After the beginning. A switch that has just seen its port come up may drop the first ones. */
const AT_MS: readonly number[] = [0, 50, 150, 400, 1000, 2000, 4000, 8000];
const EVERY_MS = 60_000;
// arping stays for a second to hear answers.
const LIMIT_MS = 2000;

/**
 * Tells the segment who has the virtual IP: gratuitous ARP as request and as reply (RFC 5227, section 3; some devices ignore one of the
 * two), unsolicited neighbour advertisements (RFC 4861, section 7.2.6).
 *
 *   silent ──begin()──▶ telling: at 0, 50, 150, 400 ms, 1, 2, 4, 8 s, then every minute
 *      ▲                   │  └──begin()──▶ telling, from 0 on
 *      └──────end()────────┘
 */
export class Announcer {
  readonly #interface: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** The addresses that may be announced at this moment. A process that was stopped meanwhile must not take back what another one has. */
  readonly #held: () => readonly string[];
  #cancel: (() => void) | undefined;
  #hasComplained = false;

  constructor(interfaceName: string, clock: Clock, log: Log, held: () => readonly string[]) {
    this.#interface = interfaceName;
    this.#clock = clock;
    this.#log = log;
    this.#held = held;
  }

  get hasBegun(): boolean {
    return this.#cancel !== undefined;
  }

  begin(): void {
    this.#cancel?.();
    this.#next(0, this.#clock.monotonicMs());
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #next(index: number, beganMs: number): void {
    const dueMs = beganMs + (AT_MS[index] ?? (AT_MS.at(-1) ?? 0) + (index - AT_MS.length + 1) * EVERY_MS);
    this.#cancel = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => {
      for (const address of this.#held()) void this.#tell(address);
      this.#next(index + 1, beganMs);
    });
  }

  // arping sends from the very address, which the kernel refuses where it has expired; ndptool would send all the same.
  async #tell(address: string): Promise<void> {
    if (isIpv6(address)) {
      await this.#run('ndptool', ['-t', 'na', '-U', '-i', this.#interface, '-T', address, 'send']);
    } else {
      const parameters = ['-c', '1', '-I', this.#interface, address];
      await Promise.all([this.#run('arping', ['-U', ...parameters]), this.#run('arping', ['-A', ...parameters])]);
    }
  }

  async #run(name: string, parameters: readonly string[]): Promise<void> {
    const path = findProgram(name);
    const result = path === undefined ? undefined : await runBounded(path, parameters, { limitMs: LIMIT_MS });
    if (result?.code === 0 || this.#hasComplained) return;
    this.#hasComplained = true;
    const reason = result === undefined ? `${name} is not installed` : describeFailure(result);
    this.#log.warn({ command: name, reason }, 'could not announce the virtual ip to the segment');
  }
}

import { messageOf } from '../../../src/runtime/errors.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import type { Ears, VirtualAddress } from '../ports.ts';

/**
 * What the role wants of the address and the ears. `linger`: only what is on its way is still taken. `leastHoldMs`: the address is held for
 * as long from now, although the ears may hear for less.
 */
export type Want =
  | { readonly kind: 'serve'; readonly untilMs: number; readonly leastHoldMs: number }
  | { readonly kind: 'linger'; readonly untilMs: number }
  | { readonly kind: 'none' };

/**
 * Makes address and ears agree with the role: address, then ears, then announcements. One call of each is on its way at a time; what is
 * wanted when it ends counts, not what was wanted when it began. A call that hangs holds up nothing but itself, since the lifetime of
 * the address and `Ears.extend` end what is not renewed.
 */
export class Hands {
  readonly #address: VirtualAddress;
  readonly #ears: Ears;
  readonly #clock: Clock;
  readonly #beatMs: number;

  #want: Want = { kind: 'none' };
  #addressState: 'held' | 'lingers' | 'none' = 'none';
  #earsOpen = false;
  #addressBusy: Promise<void> | undefined;
  #earsBusy: Promise<void> | undefined;
  #heldMs = -Infinity;
  #retryEarsMs = -Infinity;
  #announced = false;
  #addressTrouble = '';
  #earsTrouble = '';

  constructor(address: VirtualAddress, ears: Ears, clock: Clock, beatMs: number) {
    this.#address = address;
    this.#ears = ears;
    this.#clock = clock;
    this.#beatMs = beatMs;
  }

  /** What the drivers refuse at present, for the operator; empty: nothing. */
  get trouble(): string {
    return [this.#addressTrouble, this.#earsTrouble].filter(Boolean).join('; ');
  }

  /** Called at every cycle; never waits. */
  reconcile(want: Want): void {
    if (want.kind === 'serve' && this.#want.kind !== 'serve') this.#announced = false;
    this.#want = want;
    this.#ears.extend(want.kind === 'none' ? -Infinity : want.untilMs);
    this.#reachAddress();
    this.#reachEars();
  }

  defend(): void {
    if (this.#addressState === 'held') this.#address.announce();
  }

  /** Gives all up, and resolves when that is done. */
  async letGo(): Promise<void> {
    this.reconcile({ kind: 'none' });
    while (this.#addressBusy !== undefined || this.#earsBusy !== undefined) {
      await Promise.all([this.#addressBusy, this.#earsBusy]);
    }
  }

  #reachAddress(): void {
    if (this.#addressBusy !== undefined) return;
    const step = this.#addressStep();
    if (step === undefined) return;
    this.#addressBusy = this.#moveAddress(step);
  }

  async #moveAddress(step: () => Promise<void>): Promise<void> {
    try {
      await step();
      this.#addressTrouble = '';
    } catch (thrown) {
      this.#addressTrouble = messageOf(thrown);
    }
    this.#addressBusy = undefined;
    if (this.#addressTrouble === '') this.reconcile(this.#want);
  }

  #addressStep(): (() => Promise<void>) | undefined {
    const now = this.#clock.monotonicMs();
    const want = this.#want;
    const isDue = now - this.#heldMs >= this.#beatMs * (5 / 6);
    if (want.kind === 'serve' && want.untilMs > now) {
      if (this.#addressState === 'held' && !isDue) return undefined;
      if (!isDue && this.#addressTrouble !== '') return undefined;
      return () => this.#hold(Math.max(want.untilMs - now, want.leastHoldMs));
    }
    if (want.kind === 'linger' && this.#addressState === 'held') return () => this.#linger(want.untilMs - now);
    if (want.kind === 'none' && this.#addressState !== 'none' && (isDue || this.#addressTrouble === '')) {
      return () => this.#release();
    }
    return undefined;
  }

  async #hold(spanMs: number): Promise<void> {
    this.#heldMs = this.#clock.monotonicMs();
    // Also a refused call may have added one address of several.
    const before = this.#addressState;
    this.#addressState = 'held';
    try {
      await this.#address.hold(spanMs);
    } catch (thrown) {
      if (before === 'none') this.#announced = false;
      throw thrown;
    }
  }

  async #linger(spanMs: number): Promise<void> {
    this.#addressState = 'lingers';
    await this.#address.linger(spanMs);
  }

  async #release(): Promise<void> {
    this.#heldMs = this.#clock.monotonicMs();
    await this.#address.release();
    this.#addressState = 'none';
    this.#heldMs = -Infinity;
  }

  #reachEars(): void {
    if (this.#earsBusy !== undefined) return;
    const now = this.#clock.monotonicMs();
    const isHeld = this.#addressState === 'held' && this.#addressBusy === undefined && this.#addressTrouble === '';
    const opens = this.#want.kind === 'serve' && !this.#earsOpen && isHeld && now >= this.#retryEarsMs;
    const closes = this.#want.kind === 'none' && this.#earsOpen;
    if (opens) this.#retryEarsMs = now + this.#beatMs;
    if (opens || closes) this.#earsBusy = this.#moveEars(opens);
    else if (this.#want.kind === 'serve' && this.#earsOpen && isHeld && !this.#announced) {
      this.#announced = true;
      this.#address.announce();
    }
  }

  async #moveEars(opens: boolean): Promise<void> {
    try {
      this.#earsOpen = true;
      await (opens ? this.#ears.open() : this.#ears.close());
      this.#earsOpen = opens;
      this.#earsTrouble = '';
    } catch (thrown) {
      this.#earsOpen = false;
      this.#earsTrouble = messageOf(thrown);
    }
    this.#earsBusy = undefined;
    if (this.#earsTrouble === '') this.reconcile(this.#want);
  }
}

import type { Host } from './host.ts';
import type { Segment } from './segment.ts';

/** Nobody has this MAC: the switch floods what is sent to it, and every card drops it. */
const NOBODYS_MAC = '02:00:00:00:00:ff';

/** What is done to machines and cables. Each fault has its opposite; `healAll` undoes what is left. */
export class Faults {
  readonly #segment: Segment;
  readonly #undo = new Map<string, () => Promise<void>>();

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /** The cable has no carrier any more, and nothing runs: what was in memory is lost with `SIGKILL`, and may wake up with `SIGSTOP`. */
  async powerOff(host: Host, how: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<void> {
    await this.#segment.plug(host, false);
    this.#undo.set(`power ${host.name}`, () => this.powerOn(host));
    // First nobody may start anything, then all may die.
    await host.freeze();
    if (how === 'SIGKILL') await host.killAll();
  }

  /** The cable is back, and those that were frozen go on; whoever was killed has to be started. */
  async powerOn(host: Host): Promise<void> {
    this.#undo.delete(`power ${host.name}`);
    await this.#segment.plug(host, true);
    await host.thaw();
  }

  async pullCable(host: Host): Promise<void> {
    this.#undo.set(`cable ${host.name}`, () => this.plugCable(host));
    await this.#segment.plug(host, false);
  }

  async plugCable(host: Host): Promise<void> {
    this.#undo.delete(`cable ${host.name}`);
    await this.#segment.plug(host, true);
  }

  /** Every process of the machine stands still; the kernel goes on. */
  async freeze(host: Host): Promise<void> {
    this.#undo.set(`freeze ${host.name}`, () => this.thaw(host));
    await host.freeze();
  }

  async thaw(host: Host): Promise<void> {
    this.#undo.delete(`freeze ${host.name}`);
    await host.thaw();
  }

  /** All that `from` sends to `to` is lost, in silence; the other way goes on. */
  async cut(from: Host, to: Host): Promise<void> {
    this.#undo.set(`cut ${from.name} ${to.name}`, () => this.heal(from, to));
    for (const address of [to.address, to.address6]) {
      await from.ip('neighbour', 'replace', address, 'lladdr', NOBODYS_MAC, 'nud', 'permanent', 'dev', from.interface);
    }
  }

  async heal(from: Host, to: Host): Promise<void> {
    this.#undo.delete(`cut ${from.name} ${to.name}`);
    for (const address of [to.address, to.address6]) {
      await from.ip('neighbour', 'del', address, 'dev', from.interface).catch(() => {}); // not cut, or forgotten with the link
    }
  }

  /** Both ways. */
  async cutBoth(one: Host, other: Host): Promise<void> {
    await this.cut(one, other);
    await this.cut(other, one);
  }

  async healBoth(one: Host, other: Host): Promise<void> {
    await this.heal(one, other);
    await this.heal(other, one);
  }

  /** The switch loses all that comes from or goes to the machine; its link stays up. */
  async isolate(host: Host): Promise<void> {
    this.#undo.set(`isolate ${host.name}`, () => this.join(host));
    await this.#segment.silence(host, true);
  }

  async join(host: Host): Promise<void> {
    this.#undo.delete(`isolate ${host.name}`);
    await this.#segment.silence(host, false);
  }

  /** Every process of the machine runs for `runMs`, and stands still for `pauseMs`, in turn: answers come late. */
  slowDown(host: Host, pauseMs: number, runMs = 50): void {
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const turn = async (isPause: boolean): Promise<void> => {
      await (isPause ? host.freeze() : host.thaw());
      if (isOver) return host.thaw();
      timer = setTimeout(() => void turn(!isPause), isPause ? pauseMs : runMs);
    };
    this.#undo.set(`slow ${host.name}`, async () => {
      this.#undo.delete(`slow ${host.name}`);
      isOver = true;
      clearTimeout(timer);
      await host.thaw();
    });
    void turn(true);
  }

  async speedUp(host: Host): Promise<void> {
    await this.#undo.get(`slow ${host.name}`)?.();
  }

  /** A machine that has nothing to do with us takes `address`, and tells everybody. */
  async steal(host: Host, address: string): Promise<void> {
    const isIpv6 = address.includes(':');
    this.#undo.set(`steal ${host.name} ${address}`, () => this.giveBack(host, address));
    await host.ip(
      'address',
      'replace',
      `${address}/${isIpv6 ? 64 : 24}`,
      'dev',
      host.interface,
      ...(isIpv6 ? ['nodad'] : []),
    );
    if (!isIpv6) await host.run('arping', '-U', '-c', '1', '-w', '1', '-I', host.interface, address);
  }

  async giveBack(host: Host, address: string): Promise<void> {
    this.#undo.delete(`steal ${host.name} ${address}`);
    await host.ip('address', 'del', `${address}/${address.includes(':') ? 64 : 24}`, 'dev', host.interface);
  }

  async healAll(): Promise<void> {
    for (const undo of [...this.#undo.values()].toReversed()) await undo();
  }
}

import type { Probe } from '../../../ha/role/ports.ts';
import { lifetimeSeconds } from '../../../ha/virtual-ip/linux/lifetime.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

const OWN_MACS: Readonly<Record<string, string>> = { left: '02:00:00:00:00:01', right: '02:00:00:00:00:02' };
const FOREIGN_MAC = '02:00:00:00:00:99';

interface Interface {
  /** The kernel holds the address until then, and answers for it; whatever becomes of the processes. */
  heldUntilMs: number;
  /** Takes what arrives, and answers nobody, until then. */
  lingersUntilMs: number;
  isCut: boolean;
  /** The machine runs; not powered off or suspended. */
  isUp: boolean;
}

/** The segment of the virtual IP: who answers for it, who hears announcements, and where an exporter sends. */
export class SimSegment {
  hasForeigner = false;
  readonly interfaces = new Map<string, Interface>();
  /** Name of the node whose MAC the exporter has in its table; empty: none, `foreign`: the other machine. */
  exporterSendsTo = '';
  readonly #timeline: Timeline;
  readonly #random: Random;

  constructor(timeline: Timeline, random: Random, nodes: readonly string[]) {
    this.#timeline = timeline;
    this.#random = random;
    for (const node of nodes) {
      this.interfaces.set(node, { heldUntilMs: -1, lingersUntilMs: -1, isCut: false, isUp: true });
    }
  }

  of(node: string): Interface {
    const found = this.interfaces.get(node);
    if (found === undefined) throw new Error(`no node ${node}`);
    return found;
  }

  /** Lifetimes are whole seconds, rounded down: what is left of less renews nothing. The kernel may be late by half a second. */
  hold(node: string, spanMs: number): void {
    this.of(node).lingersUntilMs = -1;
    const seconds = lifetimeSeconds(spanMs);
    if (seconds < 1) return;
    this.of(node).heldUntilMs = this.#timeline.nowMs + seconds * 1000 + this.#random.between(0, 480);
  }

  linger(node: string, spanMs: number): void {
    this.of(node).heldUntilMs = -1;
    this.of(node).lingersUntilMs = this.#timeline.nowMs + spanMs;
  }

  release(node: string): void {
    this.of(node).heldUntilMs = this.of(node).lingersUntilMs = -1;
  }

  answers(node: string): boolean {
    const own = this.of(node);
    return own.isUp && !own.isCut && own.heldUntilMs > this.#timeline.nowMs;
  }

  /** Whether a datagram that is sent to the node's MAC gets to its sockets. */
  delivers(node: string): boolean {
    const own = this.of(node);
    return own.isUp && !own.isCut && Math.max(own.heldUntilMs, own.lingersUntilMs) > this.#timeline.nowMs;
  }

  announce(node: string): void {
    for (const delayMs of [0, 50, 150, 400, 1000, 2000, 4000, 8000]) {
      this.#timeline.after(delayMs, () => {
        if (this.answers(node)) this.exporterSendsTo = node;
      });
    }
  }

  probe(node: string, withinMs: number, answer: (probe: Probe) => void): void {
    const steps = [15, withinMs / 2, withinMs];
    let done = false;
    for (const delayMs of steps) {
      this.#timeline.after(delayMs, () => {
        const probe = this.#askNow(node);
        if (done || (probe.owner === 'nobody' && delayMs < withinMs)) return;
        done = true;
        answer(probe);
      });
    }
  }

  /** The exporter asks again for the address where the entry of its table answers no more. */
  refreshExporter(): void {
    const current = this.exporterSendsTo;
    if (current === 'foreign' ? this.hasForeigner : current !== '' && this.answers(current)) return;
    const owner = [...this.interfaces.keys()].find((node) => this.answers(node));
    this.exporterSendsTo = owner ?? (this.hasForeigner ? 'foreign' : current);
  }

  #askNow(node: string): Probe {
    if (this.of(node).isCut) return { owner: 'nobody', neighbourAnswers: false };
    if (this.hasForeigner) return { owner: 'foreign', mac: FOREIGN_MAC, neighbourAnswers: true };
    const other = [...this.interfaces.keys()].find((each) => each !== node && this.answers(each));
    if (other === undefined) return { owner: 'nobody', neighbourAnswers: true };
    return { owner: 'peer', mac: OWN_MACS[other] ?? '', neighbourAnswers: true };
  }
}

import type { RoleChange } from '../../../ha/role/keeper/role-keeper.ts';
import type { RoleOptions, Timing } from '../../../ha/role/ports.ts';
import { DEFAULT_TIMING } from '../../../ha/role/timing.ts';
import { Invariants } from './invariants.ts';
import { Random } from './random.ts';
import { SimDatabase } from './sim-database.ts';
import { SimLink } from './sim-link.ts';
import { SimNode } from './sim-node.ts';
import { SimSegment } from './sim-segment.ts';
import { Timeline } from './timeline.ts';

export interface WorldSettings {
  readonly seed: number;
  readonly timing?: Timing;
  readonly whenIsolated?: RoleOptions['whenIsolated'];
  readonly rates?: readonly [left: number, right: number];
}

const CHECK_EVERY_MS = 50;

/** Two nodes, `left` and `right`, with all that is between them. */
export class World {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly database: SimDatabase;
  readonly link: SimLink;
  readonly segment: SimSegment;
  readonly left: SimNode;
  readonly right: SimNode;
  readonly invariants: Invariants;
  /** What each node did and why, a line each. */
  readonly trace: string[] = [];
  readonly changes: { readonly atMs: number; readonly node: string; readonly change: RoleChange }[] = [];

  constructor(settings: WorldSettings) {
    this.random = new Random(settings.seed);
    this.database = new SimDatabase(this.timeline, this.random);
    this.link = new SimLink(this.timeline, this.random);
    this.segment = new SimSegment(this.timeline, this.random, ['left', 'right']);
    const timing = settings.timing ?? DEFAULT_TIMING;
    const whenIsolated = settings.whenIsolated ?? 'collect';
    const [leftRate, rightRate] = settings.rates ?? [1, 1];
    this.left = new SimNode(
      { ...timing, name: 'left', peer: 'right', whenIsolated, rate: leftRate },
      this.#surroundings(),
    );
    this.right = new SimNode(
      { ...timing, name: 'right', peer: 'left', whenIsolated, rate: rightRate },
      this.#surroundings(),
    );
    this.left.peer = this.right;
    this.right.peer = this.left;
    this.invariants = new Invariants(this, timing, whenIsolated);
    this.#check();
  }

  get nodes(): readonly [SimNode, SimNode] {
    return [this.left, this.right];
  }

  /** Starts both, and lets them find their roles. */
  async start(): Promise<void> {
    this.left.start();
    this.right.start();
    await this.forMs(8000);
  }

  async forMs(spanMs: number): Promise<void> {
    await this.timeline.run(this.timeline.nowMs + spanMs);
  }

  note(who: string, text: string): void {
    this.trace.push(`${(this.timeline.nowMs / 1000).toFixed(3).padStart(8)} s  ${who.padEnd(6)}  ${text}`);
  }

  /** The node that has the role, if it is one. */
  active(): SimNode | undefined {
    const found = this.nodes.filter((node) => node.isAwake && node.keeper?.status().role === 'active');
    return found.length === 1 ? found[0] : undefined;
  }

  other(node: SimNode): SimNode {
    return node === this.left ? this.right : this.left;
  }

  #surroundings(): ConstructorParameters<typeof SimNode>[1] {
    return {
      timeline: this.timeline,
      random: this.random,
      database: this.database,
      link: this.link,
      segment: this.segment,
      trace: (node, text) => this.note(node, text),
      changed: (node, change) => {
        const { from, to, reason, epoch } = change;
        this.changes.push({ atMs: this.timeline.nowMs, node: node.name, change });
        this.note(
          node.name,
          `${from === to ? to : `${from} → ${to}`}, epoch ${epoch}: ${reason.text} (${reason.code})`,
        );
        if (to !== from) this.invariants.changed(node, change);
      },
    };
  }

  #check(): void {
    this.invariants.check();
    this.timeline.after(CHECK_EVERY_MS, () => this.#check());
  }
}

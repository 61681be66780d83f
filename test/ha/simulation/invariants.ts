import type { RoleChange } from '../../../ha/role/keeper/role-keeper.ts';
import type { RoleOptions, Timing } from '../../../ha/role/ports.ts';
import type { SimNode } from './sim-node.ts';
import type { World } from './world.ts';

/** What must never be, looked at all the time; what was seen is kept as a sentence. */
export class Invariants {
  readonly violations: string[] = [];
  /** The longest time without a listener although a node could have collected. */
  longestDarkMs = 0;
  /** How often the role came to another node than the one before. */
  moves = 0;
  commits = 0;
  readonly #world: World;
  readonly #timing: Timing;
  readonly #collects: boolean;
  readonly #holders = new Map<number, string>();
  #lastActive = '';
  #highest = 0;
  #restoredMs = -Infinity;
  #bothSinceMs: number | undefined;
  #darkSinceMs = 0;
  #healthySinceMs = new Map<string, number>();
  #checks = 0;

  constructor(world: World, timing: Timing, whenIsolated: RoleOptions['whenIsolated']) {
    this.#world = world;
    this.#timing = timing;
    this.#collects = whenIsolated === 'collect';
  }

  /** A backup was restored: for a moment the row says less than the nodes know. */
  restored(): void {
    this.#restoredMs = this.#now;
  }

  changed(node: SimNode, { to, epoch }: RoleChange): void {
    if (to !== 'active') return;
    const holder = this.#holders.get(epoch);
    if (holder !== undefined && holder !== node.name)
      this.#fail(`epoch ${epoch} was held by ${holder}, now by ${node.name}`);
    this.#holders.set(epoch, node.name);
    const sleptUnseen = this.#now - node.unfrozeMs < 1.05 * this.#timing.leaseMs;
    if (epoch < this.#highest && !this.#isRestored() && !sleptUnseen)
      this.#fail(`epoch ${epoch} is active after ${this.#highest}`);
    this.#highest = Math.max(this.#highest, epoch);
    if (this.#lastActive !== '' && this.#lastActive !== node.name) this.moves += 1;
    this.#lastActive = node.name;
    this.#oneActive();
  }

  check(): void {
    this.#oneActive();
    this.#listeners();
    this.#dark();
    this.#checks += 1;
    if (this.#checks % 4 === 0) for (const node of this.#world.nodes) this.#commit(node);
    if (this.#checks % 20 === 0) this.#world.segment.refreshExporter();
  }

  get #now(): number {
    return this.#world.timeline.nowMs;
  }

  #isRestored(): boolean {
    return this.#now - this.#restoredMs < 2 * this.#timing.windowMs;
  }

  /** Two nodes are never active at once, by their own lights. */
  #oneActive(): void {
    const active = this.#world.nodes.filter((node) => {
      if (!node.isAwake) return false;
      const status = node.keeper?.status();
      return status?.role === 'active' && (status.databaseVoteMs ?? status.peerVoteMs) !== undefined;
    });
    if (active.length < 2 || this.#isRestored()) return;
    // A virtual machine cannot see its own suspension: until its lease ends by its own clock, only the fence in the database holds.
    if (active.some((node) => this.#now - node.unfrozeMs < 1.05 * this.#timing.leaseMs)) return;
    this.#fail('both nodes are active');
  }

  /** A singleton commits only under the epoch of the row, as the fence in the database does it. */
  #commit(node: SimNode): void {
    const epoch = node.isAwake ? node.keeper?.singletonEpoch() : undefined;
    if (epoch === undefined) return;
    const { database } = this.#world;
    const execute = (): void => {
      if (database.row.epoch !== epoch) return;
      this.commits += 1;
      const holder = this.#holders.get(epoch);
      // Nobody: it was shut down in order, and this was on its way.
      if (holder !== node.name || ![node.name, ''].includes(database.row.holder)) {
        this.#fail(`${node.name} commits under epoch ${epoch} of ${database.row.holder}`);
      }
    };
    database.ask(node.name, execute, ignore, ignore);
  }

  #listeners(): void {
    const { left, right } = this.#world;
    const bothServe = left.listens && right.listens && !this.#lingers(left) && !this.#lingers(right);
    const oneSegment = this.#onSegment(left) && this.#onSegment(right);
    if (!bothServe || !oneSegment) {
      this.#bothSinceMs = undefined;
      return;
    }
    this.#bothSinceMs ??= this.#now;
    const spanMs = this.#now - this.#bothSinceMs;
    const collects = this.#world.nodes.some((node) => node.keeper?.status().role === 'collecting');
    const woke = this.#world.nodes.some((node) => this.#now - node.unfrozeMs < 1.05 * this.#timing.leaseMs);
    // The pause between two probes, the answer, and the closing of the sockets. A change of role reaches the sockets within a moment.
    const allowedMs = collects ? 1000 + 2 * this.#timing.beatMs : woke || this.#isRestored() ? Infinity : 100;
    if (spanMs > allowedMs) {
      this.#fail(`both nodes listen for ${Math.round(spanMs)} ms`);
      this.#bothSinceMs = this.#now;
    }
  }

  #lingers(node: SimNode): boolean {
    return (
      this.#world.segment.of(node.name).lingersUntilMs > this.#now ||
      node.keeper?.status().reason.code === 'HANDED_OVER'
    );
  }

  #onSegment(node: SimNode): boolean {
    const own = this.#world.segment.of(node.name);
    return own.isUp && !own.isCut;
  }

  /** Where a node that is well could have collected all the time, the pair is not dark for longer than it takes to see that. */
  #dark(): void {
    const { segment, database } = this.#world;
    for (const node of this.#world.nodes) {
      const isWell = node.isAwake && this.#onSegment(node) && !segment.hasForeigner;
      const databaseWorks = !database.isDown && database.slowMs === 0 && database.stalledUntilMs < this.#now;
      const canServe = this.#collects || (databaseWorks && !database.cutFrom.has(node.name));
      if (!isWell || !canServe) this.#healthySinceMs.delete(node.name);
      else if (!this.#healthySinceMs.has(node.name)) this.#healthySinceMs.set(node.name, this.#now);
    }
    const target = this.#world.nodes.find((node) => node.name === segment.exporterSendsTo);
    if (target?.listens === true && segment.delivers(target.name)) this.#darkSinceMs = this.#now;
    // What a node knows of another begins anew when that one comes back.
    const wellSinceMs = this.#healthySinceMs.size === 0 ? Infinity : Math.max(...this.#healthySinceMs.values());
    const darkMs = this.#now - Math.max(this.#darkSinceMs, wellSinceMs);
    if (darkMs > this.longestDarkMs) this.longestDarkMs = darkMs;
    if (darkMs > this.darkLimitMs) {
      this.#fail(`nobody has listened for ${(darkMs / 1000).toFixed(1)} s`);
      this.#darkSinceMs = this.#now;
    }
  }

  /**
   * Two windows (the larger name waits; or the database comes back as one has ended), a probe for each, the answer of a database that
   * stalls just as it is asked for the role, and a few beats.
   */
  get darkLimitMs(): number {
    const { windowMs, leaseMs, beatMs } = this.#timing;
    return 2 * windowMs + 2000 + Math.max(leaseMs / 2, 2 * beatMs) + 6 * beatMs;
  }

  #fail(text: string): void {
    this.violations.push(text);
    this.#world.note('WRONG', text);
  }
}

function ignore(): void {
  // Whoever commits does not wait for it here.
}

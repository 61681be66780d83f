import { DEFAULT_TIMING, FAST_TIMING } from '../../../ha/role/timing.ts';
import { Random } from './random.ts';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

/** Something that goes wrong, and how it ends. */
interface Fault {
  readonly name: string;
  begin(): void;
  end(): void;
}

const FAULTS_UNTIL_MS = 40_000;
const SETTLE_MS = 16_000;

/** One schedule of faults, drawn from a seed; the same seed is the same schedule, to the last event. */
export async function runSchedule(seed: number): Promise<World> {
  const draw = new Random(seed ^ 0x5eed);
  const world = new World({
    seed,
    timing: draw.chance(0.25) ? FAST_TIMING : DEFAULT_TIMING,
    whenIsolated: draw.chance(0.15) ? 'stepDown' : 'collect',
    rates: [draw.between(0.99, 1.01), draw.between(0.99, 1.01)],
  });
  world.timeline.after(draw.between(0, 1500), () => world.left.start());
  world.timeline.after(draw.between(0, 1500), () => world.right.start());
  const count = Math.floor(draw.between(2, 9));
  for (let index = 0; index < count; index += 1) {
    const atMs = draw.between(index === 0 ? 0 : 6000, FAULTS_UNTIL_MS - 1000);
    plan(world, drawFault(world, draw), atMs, draw);
  }
  for (let atMs = 3000; atMs < FAULTS_UNTIL_MS; atMs += 5000)
    world.timeline.at(atMs, () => world.database.keepBackup());
  await world.timeline.run(FAULTS_UNTIL_MS);
  heal(world);
  await world.timeline.run(FAULTS_UNTIL_MS + SETTLE_MS);
  judge(world, count);
  return world;
}

function plan(world: World, fault: Fault, atMs: number, draw: Random): void {
  const spanMs = draw.chance(0.3) ? draw.between(50, 1500) : draw.between(1500, 14_000);
  world.timeline.at(atMs, () => {
    world.note('fault', `${fault.name} begins, for ${(spanMs / 1000).toFixed(2)} s`);
    fault.begin();
  });
  world.timeline.at(Math.min(atMs + spanMs, FAULTS_UNTIL_MS), () => {
    world.note('fault', `${fault.name} ends`);
    fault.end();
  });
}

function drawFault(world: World, draw: Random): Fault {
  const node = draw.pick(world.nodes);
  const kinds = [
    databaseFaults,
    databaseFaults,
    linkFaults,
    linkFaults,
    nodeFaults,
    nodeFaults,
    segmentFaults,
    switchOvers,
  ];
  return draw.pick(draw.pick(kinds)(world, node, draw));
}

function databaseFaults(world: World, node: SimNode, draw: Random): Fault[] {
  const { database, timeline, invariants } = world;
  const stallMs = draw.between(300, 6000);
  const slowMs = draw.between(100, 1300);
  const cut = fault(
    `database is cut from ${node.name}`,
    () => database.cutFrom.add(node.name),
    () => database.cutFrom.delete(node.name),
  );
  const down = fault(
    'database is down',
    () => (database.isDown = true),
    () => (database.isDown = false),
  );
  const slow = fault(
    `database answers after ${(2 * slowMs).toFixed(0)} ms`,
    () => (database.slowMs = slowMs),
    () => (database.slowMs = 0),
  );
  const stall = fault(
    `database stalls for ${stallMs.toFixed(0)} ms`,
    () => (database.stalledUntilMs = timeline.nowMs + stallMs),
  );
  const restore = fault('database is restored from an older backup', () => {
    database.restoreBackup();
    invariants.restored();
  });
  return [cut, cut, down, down, stall, slow, draw.chance(0.3) ? restore : stall];
}

function linkFaults({ link }: World, node: SimNode, draw: Random): Fault[] {
  const loss = draw.between(0.3, 0.95);
  const slowMs = draw.between(50, 800);
  const both = ['left', 'right'];
  return [
    fault(
      `nothing of ${node.name} reaches its peer`,
      () => link.cutFrom.add(node.name),
      () => link.cutFrom.delete(node.name),
    ),
    fault(
      'the link is cut',
      () => both.forEach((each) => link.cutFrom.add(each)),
      () => both.forEach((each) => link.cutFrom.delete(each)),
    ),
    fault(
      `${(100 * loss).toFixed(0)} % of the beats are lost`,
      () => (link.loss = loss),
      () => (link.loss = 0),
    ),
    fault(
      `beats take up to ${slowMs.toFixed(0)} ms`,
      () => (link.slowMs = slowMs),
      () => (link.slowMs = 3),
    ),
  ];
}

function nodeFaults(world: World, node: SimNode): Fault[] {
  const isolate = (isCut: boolean): void => {
    world.segment.of(node.name).isCut = isCut;
    for (const cutFrom of [world.database.cutFrom, world.link.cutFrom]) {
      if (isCut) cutFrom.add(node.name);
      else cutFrom.delete(node.name);
    }
    const other = world.other(node).name;
    if (isCut) world.link.cutFrom.add(other);
    else world.link.cutFrom.delete(other);
  };
  return [
    fault(
      `${node.name} is stopped`,
      () => node.pause(),
      () => node.resume(),
    ),
    fault(
      `${node.name} is suspended, and its clock with it`,
      () => node.freeze(),
      () => node.unfreeze(),
    ),
    fault(
      `the keeper of ${node.name} is killed`,
      () => node.kill(),
      () => node.start(),
    ),
    fault(
      `${node.name} loses its power`,
      () => node.powerOff(),
      () => node.start(),
    ),
    fault(
      `the cable of ${node.name} is pulled`,
      () => isolate(true),
      () => isolate(false),
    ),
    fault(
      `${node.name} is shut down in order`,
      () => void node.stop(),
      () => node.start(),
    ),
    fault(
      `${node.name} is not ready`,
      () => (node.isReady = false),
      () => (node.isReady = true),
    ),
  ];
}

function segmentFaults({ segment }: World): Fault[] {
  return [
    fault(
      'a foreign machine takes the address',
      () => {
        segment.hasForeigner = true;
        segment.exporterSendsTo = 'foreign';
      },
      () => (segment.hasForeigner = false),
    ),
  ];
}

function switchOvers(world: World): Fault[] {
  return [
    fault('a switchover is asked for', () => {
      const node = world.active();
      if (node === undefined) return;
      void node.switchOver().then((outcome) => world.note(node.name, `switchover: ${outcome?.reason ?? 'killed'}`));
    }),
  ];
}

function fault(name: string, begin: () => unknown, end: () => unknown = () => undefined): Fault {
  return { name, begin: () => void begin(), end: () => void end() };
}

/** Ends all that is wrong. */
function heal(world: World): void {
  const { database, link, segment } = world;
  database.isDown = segment.hasForeigner = false;
  database.stalledUntilMs = database.slowMs = link.loss = 0;
  link.slowMs = 3;
  database.cutFrom.clear();
  link.cutFrom.clear();
  for (const node of world.nodes) {
    segment.of(node.name).isCut = false;
    node.isReady = true;
    node.unfreeze();
    node.resume();
    node.start();
  }
  world.note('fault', 'all is well again');
}

/** What must hold in the end. */
function judge(world: World, faults: number): void {
  const { violations } = world.invariants;
  const roles = world.nodes.map((node) => `${node.name} is ${node.keeper?.status().role}`).join(', ');
  const active = world.active();
  if (active === undefined || world.other(active).keeper?.status().role !== 'standby') {
    violations.push(`${SETTLE_MS / 1000} s after the faults, ${roles}`);
  } else if (!active.listens) violations.push(`${active.name} is active in the end, and does not listen`);
  // The first one, and one a fault for its beginning and one for its end, where it makes its node worse than the other.
  if (world.invariants.moves > 2 * faults)
    violations.push(`the role moved ${world.invariants.moves} times for ${faults} faults`);
}

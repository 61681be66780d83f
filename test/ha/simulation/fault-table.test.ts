import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimNode } from './sim-node.ts';
import { World, type WorldSettings } from './world.ts';

/** A pair at work: who is active is drawn by lot at the start. */
async function pair(
  settings: Partial<WorldSettings> = {},
): Promise<{ readonly world: World; readonly active: SimNode; readonly standby: SimNode }> {
  const world = new World({ seed: 1, ...settings });
  await world.start();
  const active = world.active();
  assert.ok(active, 'one node is active at the start');
  return { world, active, standby: world.other(active) };
}

function roleOf(node: SimNode): string {
  return node.keeper?.status().role ?? 'dead';
}

function codeOf(node: SimNode): string {
  return node.keeper?.status().reason.code ?? 'dead';
}

function changesTo(world: World, role: string): number {
  return world.changes.filter(({ change }) => change.to === role && change.from !== role).length;
}

function assertSound(world: World): void {
  assert.deepEqual(world.invariants.violations, [], world.trace.join('\n'));
}

/** For how long nobody took what the exporter sent, at most, in what `during` does. */
async function gapMs(world: World, during: () => Promise<void>): Promise<number> {
  let since: number | undefined;
  let longest = 0;
  const watch = (): void => {
    const target = world.nodes.find((node) => node.name === world.segment.exporterSendsTo);
    const isTaken = target?.listens === true && world.segment.delivers(target.name);
    if (isTaken) since = undefined;
    else {
      since ??= world.timeline.nowMs;
      longest = Math.max(longest, world.timeline.nowMs - since);
    }
    world.timeline.after(1, watch);
  };
  watch();
  await during();
  return longest;
}

test('both nodes started at once: one wins', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { world, active, standby } = await pair({ seed });
    assert.equal(roleOf(standby), 'standby');
    assert.ok(active.listens && !standby.listens);
    assert.equal(changesTo(world, 'active'), 1);
    assertSound(world);
  }
});

test('the keeper of the active node is killed and comes back within its lease: the same node is active, under a new epoch', async () => {
  const { world, active } = await pair();
  const before = active.keeper?.status().epoch ?? 0;
  active.kill();
  await world.forMs(500);
  active.start();
  await world.forMs(4000);
  assert.equal(world.active(), active);
  assert.ok((active.keeper?.status().epoch ?? 0) > before);
  assertSound(world);
});

test('the keeper of the active node is killed for good: the address is not left behind, and the other takes over in a window', async () => {
  const { world, active, standby } = await pair();
  const gap = await gapMs(world, async () => {
    active.kill();
    await world.forMs(10_000);
  });
  assert.equal(world.active(), standby);
  assert.ok(!world.segment.answers(active.name));
  assert.ok(gap <= 3500, `nobody listened for ${gap} ms`);
  assertSound(world);
});

test('the active node is stopped for 10 s: takeover inside the window, and on waking it is standby', async () => {
  const { world, active, standby } = await pair();
  const gap = await gapMs(world, async () => {
    active.pause();
    await world.forMs(10_000);
    assert.equal(world.active(), standby);
    active.resume();
    await world.forMs(5000);
  });
  assert.ok(gap <= 3500, `nobody listened for ${gap} ms`);
  assert.equal(roleOf(active), 'standby');
  assert.equal(world.active(), standby);
  assert.equal(changesTo(world, 'collecting'), 0);
  assertSound(world);
});

test('power off: takeover inside the window, at the defaults and in the fast profile', async () => {
  const fast = { beatMs: 150, leaseMs: 1100, windowMs: 1775 };
  for (let seed = 1; seed <= 20; seed += 1) {
    for (const [timing, limitMs] of [
      [undefined, 3500],
      [fast, 2000],
    ] as const) {
      const { world, active, standby } = await pair(timing === undefined ? { seed } : { seed, timing });
      const gap = await gapMs(world, async () => {
        active.powerOff();
        await world.forMs(8000);
      });
      assert.equal(world.active(), standby);
      assert.ok(gap <= limitMs, `nobody listened for ${gap} ms with seed ${seed}`);
      assertSound(world);
    }
  }
});

test('database down for 10 minutes: no change of role, by the grants of the peer', async () => {
  const { world, active } = await pair();
  world.database.isDown = true;
  await world.forMs(600_000);
  assert.equal(world.active(), active);
  assert.equal(codeOf(active), 'PEER_VOTE');
  world.database.isDown = false;
  await world.forMs(5000);
  assert.equal(codeOf(active), 'BOTH_VOTES');
  assert.equal(changesTo(world, 'active'), 1);
  assertSound(world);
});

test('database down, and then the active node dies: the standby collects without an epoch, and is active when the database is back', async () => {
  const { world, active, standby } = await pair();
  world.database.isDown = true;
  await world.forMs(10_000);
  active.powerOff();
  await world.forMs(12_000);
  assert.equal(roleOf(standby), 'collecting');
  assert.ok(standby.listens);
  assert.equal(standby.keeper?.singletonEpoch(), undefined);
  world.database.isDown = false;
  await world.forMs(6000);
  assert.equal(world.active(), standby);
  assert.ok(standby.keeper?.singletonEpoch() !== undefined);
  assertSound(world);
});

test('the standby does not collect where no neighbour answers', async () => {
  const { world, active, standby } = await pair();
  world.database.isDown = true;
  world.segment.of(standby.name).isCut = true;
  await world.forMs(5000);
  active.powerOff();
  await world.forMs(20_000);
  assert.equal(roleOf(standby), 'standby');
  assert.equal(codeOf(standby), 'SEGMENT_SILENT');
});

test('database cut from the active node only: stays active on the grants of its peer, and says so', async () => {
  const { world, active } = await pair();
  world.database.cutFrom.add(active.name);
  await world.forMs(60_000);
  assert.equal(world.active(), active);
  assert.equal(codeOf(active), 'PEER_VOTE');
  assert.match(active.keeper?.status().reason.text ?? '', /the database does not answer in time/);
  assertSound(world);
});

test('database cut from the standby only: no change', async () => {
  const { world, active, standby } = await pair();
  world.database.cutFrom.add(standby.name);
  await world.forMs(60_000);
  assert.equal(world.active(), active);
  assert.equal(codeOf(standby), 'DATABASE_UNREACHABLE');
  assertSound(world);
});

test('peer link cut only: the active node stays, and nothing flaps', async () => {
  const { world, active } = await pair();
  world.link.cutFrom.add('left').add('right');
  await world.forMs(60_000);
  assert.equal(world.active(), active);
  assert.equal(codeOf(active), 'DATABASE_VOTE');
  assert.equal(changesTo(world, 'active'), 1);
  assertSound(world);
});

test('the active node loses both votes: singletons end before its lease, the other takes over in a window, the old one lets go in a second', async () => {
  const { world, active, standby } = await pair();
  world.link.cutFrom.add('left').add('right');
  world.database.cutFrom.add(active.name);
  await world.forMs(2100);
  assert.equal(active.keeper?.singletonEpoch(), undefined);
  assert.equal(roleOf(active), 'collecting');
  await world.forMs(3900);
  assert.equal(world.active(), standby);
  assert.equal(roleOf(active), 'standby');
  assert.ok(!world.segment.answers(active.name));
  assertSound(world);
});

test('standby off, and the database restarts: the active node goes on collecting, and is active again under the same epoch', async () => {
  for (let seed = 1; seed <= 4; seed += 1) {
    const { world, active, standby } = await pair({ seed });
    standby.powerOff();
    await world.forMs(5000);
    const before = active.keeper?.status().epoch;
    const gap = await gapMs(world, async () => {
      world.database.isDown = true;
      await world.forMs(30_000);
      assert.equal(roleOf(active), 'collecting');
      world.database.isDown = false;
      await world.forMs(3000);
    });
    assert.equal(gap, 0, `nobody listened for ${gap} ms with seed ${seed}`);
    assert.equal(world.active(), active);
    assert.equal(active.keeper?.status().epoch, before);
    assertSound(world);
  }
});

test('a node that is paused as its votes run out does not keep the address', async () => {
  const { world, active, standby } = await pair();
  standby.powerOff();
  await world.forMs(5000);
  world.database.isDown = true;
  await world.forMs(1500);
  active.pause();
  await world.forMs(2500);
  assert.ok(!world.segment.answers(active.name));
  active.resume();
  await world.forMs(100);
  assert.equal(roleOf(active), 'standby');
  assert.ok(!world.segment.answers(active.name));
  assertSound(world);
});

test('one-way cuts: at most one holder, and nothing flaps', async () => {
  for (const deaf of ['left', 'right']) {
    const { world, active } = await pair();
    world.link.cutFrom.add(deaf);
    await world.forMs(60_000);
    assert.equal(world.active(), active);
    assert.equal(changesTo(world, 'active'), 1);
    assertSound(world);
  }
});

test('one-way cut with the database away: at most one node is active, and somebody listens', async () => {
  for (const deaf of ['left', 'right']) {
    const { world } = await pair();
    world.database.isDown = true;
    world.link.cutFrom.add(deaf);
    await world.forMs(60_000);
    assert.equal(world.nodes.filter((node) => node.listens).length, 1);
    world.database.isDown = false;
    world.link.cutFrom.clear();
    await world.forMs(10_000);
    assert.ok(world.active());
    assertSound(world);
  }
});

test('a foreign machine owns the virtual IP: the standby refuses to take it, and takes over when it is gone', async () => {
  const { world, active, standby } = await pair();
  world.segment.hasForeigner = true;
  active.powerOff();
  await world.forMs(15_000);
  assert.equal(roleOf(standby), 'standby');
  assert.equal(codeOf(standby), 'FOREIGN_OWNER');
  world.segment.hasForeigner = false;
  await world.forMs(5000);
  assert.equal(world.active(), standby);
});

test('a foreign machine takes the virtual IP of the active node: it stays active, says so, and defends at most once in 10 s', async () => {
  const { world, active } = await pair();
  let defences = 0;
  const announce = world.segment.announce.bind(world.segment);
  world.segment.announce = (node) => {
    defences += 1;
    announce(node);
  };
  world.segment.hasForeigner = true;
  await world.forMs(60_000);
  assert.equal(world.active(), active);
  assert.equal(codeOf(active), 'ADDRESS_CONTESTED');
  assert.ok(defences >= 5 && defences <= 7, `announced ${defences} times in a minute`);
});

test('database answers after 2 s: the grants of the peer hold the lease', async () => {
  const { world, active } = await pair();
  world.database.slowMs = 1000;
  await world.forMs(60_000);
  assert.equal(world.active(), active);
  assert.equal(codeOf(active), 'PEER_VOTE');
  assert.equal(changesTo(world, 'active'), 1);
  assertSound(world);
});

test('database answers after 3 s, and the active node dies: the other collects, since no vote comes in time', async () => {
  const { world, active, standby } = await pair();
  world.database.slowMs = 1500;
  await world.forMs(5000);
  active.powerOff();
  await world.forMs(25_000);
  assert.ok(standby.listens);
  world.database.slowMs = 0;
  await world.forMs(8000);
  assert.equal(world.active(), standby);
});

test('30 % loss on the peer link and a database that stalls, for 10 minutes: no false failover', async () => {
  const { world, active } = await pair();
  world.link.loss = 0.3;
  for (let round = 0; round < 60; round += 1) {
    world.database.stalledUntilMs = world.timeline.nowMs + 5000;
    await world.forMs(10_000);
  }
  assert.equal(world.active(), active);
  assert.equal(changesTo(world, 'active'), 1);
  assert.equal(changesTo(world, 'collecting'), 0);
  assertSound(world);
});

test('link flapping, with the database cut from the active node: at most one move in 30 s', async () => {
  const { world, active } = await pair();
  world.database.cutFrom.add(active.name);
  for (let round = 0; round < 20; round += 1) {
    world.link.cutFrom.add('left').add('right');
    await world.forMs(4000);
    world.link.cutFrom.clear();
    await world.forMs(4000);
  }
  assert.ok(world.invariants.moves <= 5, `the role moved ${world.invariants.moves} times in 160 s`);
  assertSound(world);
});

test('database restored from an older backup: the higher epoch of the active node wins', async () => {
  const { world, active } = await pair();
  const old = world.database.row;
  void active.switchOver();
  await world.forMs(10_000);
  const now = world.active();
  assert.ok(now !== undefined && now !== active);
  world.database.row = old;
  world.invariants.restored();
  await world.forMs(10_000);
  assert.equal(world.active(), now);
  assert.equal(world.database.row.epoch, now.keeper?.status().epoch);
  assertSound(world);
});

test('an empty database in place of the old one: the active node writes its row anew', async () => {
  const { world, active } = await pair();
  world.database.row = { epoch: 0, holder: '', session: '', counter: 0 };
  world.invariants.restored();
  await world.forMs(10_000);
  assert.equal(world.active(), active);
  assert.equal(world.database.row.holder, active.name);
  assertSound(world);
});

test('switchover: one node or the other takes what comes at every moment, and each back and forth again', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { world, active, standby } = await pair({ seed });
    const gap = await gapMs(world, async () => {
      const outcome = active.switchOver();
      await world.forMs(4000);
      assert.equal((await outcome)?.moved, true);
      assert.equal(world.active(), standby);
      const back = standby.switchOver();
      await world.forMs(4000);
      assert.equal((await back)?.moved, true);
    });
    assert.equal(world.active(), active);
    assert.equal(gap, 0, world.trace.join('\n'));
    assertSound(world);
  }
});

test('switchover with the database away: by the word alone', async () => {
  const { world, active, standby } = await pair();
  world.database.isDown = true;
  await world.forMs(10_000);
  const outcome = active.switchOver();
  await world.forMs(5000);
  assert.equal((await outcome)?.moved, true);
  assert.equal(world.active(), standby);
  world.database.isDown = false;
  await world.forMs(5000);
  assert.equal(world.database.row.holder, standby.name);
  assertSound(world);
});

test('switchover to a peer that is not ready: refused, with the reason', async () => {
  const { world, active, standby } = await pair();
  standby.isReady = false;
  await world.forMs(2000);
  assert.deepEqual(await active.switchOver(), {
    moved: false,
    reason: `${standby.name} is not ready to take over`,
    epoch: 0,
  });
  assert.equal(world.active(), active);
});

test('a switchover that is cut off at any moment ends in one active node', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const { world, active, standby } = await pair({ seed });
    world.link.slowMs = 30;
    world.database.isDown = seed % 3 === 0;
    await world.forMs(3000);
    void active.switchOver();
    await world.forMs(seed * 2);
    const cut = seed % 4;
    if (cut === 0) world.link.cutFrom.add(active.name);
    if (cut === 1) world.link.cutFrom.add(standby.name);
    if (cut === 2) standby.powerOff();
    if (cut === 3) active.powerOff();
    await world.forMs(12_000);
    world.database.isDown = false;
    world.link.cutFrom.clear();
    active.start();
    standby.start();
    await world.forMs(12_000);
    assert.ok(world.active(), `seed ${seed}\n${world.trace.join('\n')}`);
    assertSound(world);
  }
});

test('an active node that is shut down in order gives the role up: the other need not wait for the window', async () => {
  const { world, active, standby } = await pair();
  const gap = await gapMs(world, async () => {
    void active.stop();
    await world.forMs(6000);
  });
  assert.equal(world.active(), standby);
  assert.ok(gap < 2500, `nobody listened for ${gap} ms`);
  assertSound(world);
});

import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../support/packages.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, withTraffic } from './with-traffic.ts';

const isLong = process.env['ALL_FAULTS'] !== undefined;
const skip =
  whyNoNamespaces() ||
  skipWithout('ip', 'bridge', 'arping', 'faketime') ||
  (!isLong && 'part of the long run: npm run test:long');
/** Longer than a lease and a takeover window. */
const LONG_ENOUGH_MS = 6000;
const HOUR_MS = 3_600_000;
const NEAR_MS = 60_000;
/** Forward, back, and behind the true time. */
const STEPS_HOURS = [1, 0, -1, 0] as const;

// Namespaces share the clock of the machine, so each of these machines has a library that shows another one.
describe('the clock of a machine is stepped by an hour', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;
  let ofA: SteppedClock;
  let ofDatabase: SteppedClock;

  before(async () => {
    lab = await Lab.start();
    [ofA, ofDatabase] = await Promise.all([clockOf('a'), clockOf('database')]);
    lab.database.environment = ofDatabase.environment;
    await lab.database.stop();
    await lab.database.start();
    pair = await RunningPair.start(lab, { environment: { a: ofA.environment } });
  });
  after(() => lab?.remove());

  for (const role of ['active', 'standby'] as const) {
    test(`of the ${role} node: no role changes`, async () => {
      await pair.recover();
      if (((await pair.active()) === pair.a) !== (role === 'active')) {
        await (await pair.active()).command('switchover');
        await pair.isWell();
      }
      await staysAsItIs(ofA, offOfAMs);
    });
  }

  test('of the database: no role changes', async () => {
    await pair.recover();
    await staysAsItIs(ofDatabase, async () => {
      const [row] = await lab.database.query<{ at: Date }>('SELECT clock_timestamp() AS at');
      return (row?.at.getTime() ?? NaN) - Date.now();
    });
  });

  async function staysAsItIs(clock: SteppedClock, offMs: () => Promise<number>): Promise<void> {
    const active = await pair.isWell();
    const mark = await pair.mark();
    const epoch = await pair.epoch();
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      for (const hours of STEPS_HOURS) {
        await clock.step(hours);
        await pause(LONG_ENOUGH_MS);
        assert.ok(Math.abs((await offMs()) - hours * HOUR_MS) < NEAR_MS, 'the clock shows another time');
        assert.equal((await pair.status(active))?.own.role, 'active');
        await pair.isOwnedBy(active.host);
      }
      assert.equal(await pair.isWell(), active);
    });
    assertNothingLost(outcomes);
    assert.equal(await pair.epoch(), epoch);
    assert.deepEqual(await pair.moves(mark), []);
  }

  /** What the other node says of it. */
  async function offOfAMs(): Promise<number> {
    const { findings } = (await pair.status(pair.b))?.own.readiness ?? { findings: [] };
    const found = findings.find(({ name }) => name === 'clock')?.found ?? '';
    const [, ms, direction] = /^(\d+) ms (behind|before) ours/.exec(found) ?? [];
    return Number(ms) * (direction === 'behind' ? -1 : 1);
  }

  async function clockOf(name: string): Promise<SteppedClock> {
    const folder = join(lab.folder, `clock-${name}`);
    await mkdir(folder);
    await chmod(folder, 0o755); // the nodes and the database give up root
    return SteppedClock.open(folder);
  }
});

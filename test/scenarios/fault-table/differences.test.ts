import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { PairNodeStatus } from '../../../src/pair/pair-status.ts';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import { copyAsVersion } from '../lab/other-version.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, assertOneGap, withTraffic } from './with-traffic.ts';

const isLong = process.env['ALL_FAULTS'] !== undefined;
const skip =
  whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping') || (!isLong && 'part of the long run: npm run test:long');

describe('the settings of the nodes differ', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.of(lab, { ownSettings: { b: { batch: { age: '150ms' } } } });
    await pair.a.start();
    await pair.becomes(pair.a, 'active');
    await pair.b.start();
  });
  after(() => lab?.remove());

  test('the standby is not ready and says so, a switchover is refused, and it takes over all the same from a node that died', async () => {
    const { a, b } = pair;
    const { own } = await pair.shows(b, 'that it is not ready, and why', ({ own: { readiness } }) =>
      readiness.findings.some(({ name, found }) => name === 'shared settings' && /differ .*: batch\.age$/.test(found)),
    );
    assert.equal(own.role, 'standby');
    assert.equal(own.readiness.isReady, false);
    await pair.shows(a, 'that the other is not ready', ({ peer }) => peer?.readiness.isReady === false);
    await assert.rejects(a.command('switchover'), /not ready/);
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      await lab.faults.powerOff(a.host);
      await pair.becomes(b, 'active');
      await pair.isOwnedBy(b.host);
    });
    assertOneGap(outcomes);
  });
});

describe('the nodes run different versions of the program', { skip }, () => {
  const OTHER = '0.0.0-other';
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    const program = join(lab.folder, 'other-version');
    await copyAsVersion(program, OTHER);
    pair = await RunningPair.of(lab, { programs: { b: program } });
    await pair.a.start();
    await pair.becomes(pair.a, 'active');
    await pair.b.start();
  });
  after(() => lab?.remove());

  test('the standby is not ready and names both, and a switchover is refused with that reason', async () => {
    const { a, b } = pair;
    const { own } = await pair.shows(b, 'that it is not ready', ({ own: { readiness } }) =>
      readiness.findings.some(({ name, state }) => name === 'version' && state === 'fail'),
    );
    assert.deepEqual([own.role, own.version, own.readiness.isReady], ['standby', OTHER, false]);
    // Nothing else is wrong with it.
    await pair.shows(a, 'that the other lacks the version alone', ({ peer }) => failing(peer).join() === 'version');
    await assert.rejects(a.command('switchover'), new RegExp(`b is not ready.*version.*${OTHER}`));
    assert.equal((await pair.status(a))?.own.role, 'active');
  });

  test('a forced switchover loses nothing, as for an upgrade, and the other one takes over all the same from a node that dies', async () => {
    const { a, b } = pair;
    const moved = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
      await a.command('switchover', '--force');
      await pair.becomes(b, 'active');
      await pair.isOwnedBy(b.host);
    });
    assertNothingLost(moved);
    await pair.shows(a, 'that it lacks the version alone', ({ own }) => failing(own).join() === 'version');
    const died = await withTraffic(pair, ['netflow9'], async () => {
      await lab.faults.powerOff(b.host);
      await pair.becomes(a, 'active');
      await pair.isOwnedBy(a.host);
    });
    assertOneGap(died);
  });
});

function failing(node: PairNodeStatus | undefined): string[] {
  return node?.readiness.findings.filter(({ state }) => state === 'fail').map(({ name }) => name) ?? [];
}

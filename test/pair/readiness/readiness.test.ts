import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PairNodeStatus } from '../../../src/pair/pair-status.ts';
import { readinessOf, type ReadinessFacts } from '../../../src/pair/readiness/readiness.ts';
import { standbyStatus } from '../../support/standby-status.ts';

const WELL: ReadinessFacts = {
  version: '1.0.0',
  settingsDigest: 'ab',
  differingSettings: undefined,
  isMigrated: true,
  databaseTrouble: undefined,
  queueTrouble: undefined,
  processTroubles: [],
  addressTroubles: [],
  hasLink: true,
  takenPorts: [],
  unreadableFiles: [],
  folderTrouble: undefined,
  journalDirectory: '/mnt/dogwatch',
  timeZone: 'Europe/Berlin',
  journalBatches: 0,
  journalOldestMs: 0,
  differingWarmKinds: [],
  clockOffsetMs: 3,
};

function peerOf(facts: ReadinessFacts): PairNodeStatus {
  const { version, settingsDigest } = facts;
  return standbyStatus('dw-b', { version, settingsDigest, readiness: readinessOf(facts, undefined) });
}

/** What is not ok: `state name`. */
function troubles(facts: Partial<ReadinessFacts>, peer: Partial<ReadinessFacts> = {}): string[] {
  const { isReady, findings } = readinessOf({ ...WELL, ...facts }, peerOf({ ...WELL, ...peer }));
  const all = findings.filter(({ state }) => state !== 'ok').map(({ name, state }) => `${state} ${name}`);
  assert.equal(isReady, !all.some((each) => each.startsWith('fail')));
  return all;
}

test('a node that lacks nothing is ready', () => {
  assert.deepEqual(troubles({}), []);
});

test('another version, other settings, an unreachable database, a taken port or an unreadable secret keep a node from being ready', () => {
  assert.deepEqual(troubles({ version: '1.0.1' }), ['fail version']);
  assert.deepEqual(troubles({}, { settingsDigest: 'cd' }), ['fail shared settings']);
  assert.deepEqual(troubles({ databaseTrouble: 'refused' }), ['fail database']);
  assert.deepEqual(troubles({ takenPorts: ['UDP 2055'] }), ['fail ports']);
  assert.deepEqual(troubles({ unreadableFiles: ['/etc/dogwatch/mail.password'] }), ['fail secrets']);
});

test('settings that differ are named, a few of them; by their digests where the peer has not said which', () => {
  const found = (differingSettings: readonly string[] | undefined): string | undefined =>
    readinessOf({ ...WELL, differingSettings }, peerOf({ ...WELL, settingsDigest: 'cd' })).findings.find(
      ({ state }) => state === 'fail',
    )?.found;
  assert.equal(found(['batch.age', 'listeners']), 'differ from those of dw-b: batch.age, listeners');
  assert.match(found(Array.from({ length: 9 }, (_, index) => `s${index}`)) ?? '', /: s0, .*s5 and 3 more$/);
  assert.match(found(undefined) ?? '', /digests ab and cd/);
});

test('clocks and zones that differ, and a journal folder that root may not write, are warnings', () => {
  assert.deepEqual(troubles({ clockOffsetMs: -5000 }), ['warn clock']);
  assert.deepEqual(troubles({}, { timeZone: 'UTC' }), ['warn time zone']);
  assert.deepEqual(troubles({ folderTrouble: 'EACCES' }), ['warn journal folder']);
});

test('what is missing for a takeover is named, with what to do', () => {
  const cases: readonly [facts: Partial<ReadinessFacts>, text: RegExp][] = [
    [{ isMigrated: false }, /^schema: .*dogwatch migrate/],
    [{ queueTrouble: 'Redis is away' }, /^queue: Redis is away .*redis\.url/],
    [{ processTroubles: ['worker 2 is starting'] }, /^processes: worker 2 is starting/],
    [{ addressTroubles: [{ found: 'no arping', remedy: 'install it' }] }, /^virtual IP: no arping \(install it\)$/],
    [{ databaseTrouble: 'refused' }, /^database: .*refused .*database\.url/],
  ];
  for (const [facts, text] of cases) {
    const { findings } = readinessOf({ ...WELL, ...facts }, peerOf(WELL));
    const failed = findings.filter(({ state }) => state === 'fail');
    assert.equal(failed.length, 1);
    assert.match(failed.map(({ name, found, remedy }) => `${name}: ${found} (${remedy})`).join(), text);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PairNodeStatus } from '../../src/pair/pair-status.ts';
import { readinessOf, type ReadinessFacts } from '../../src/pair/readiness.ts';

const WELL: ReadinessFacts = {
  version: '1.2.0',
  settingsDigest: 'a1b2c3d4e5f6a7b8',
  isMigrated: true,
  databaseTrouble: undefined,
  queueTrouble: undefined,
  processTroubles: [],
  addressTroubles: [],
  takenPorts: [],
  unreadableFiles: [],
  journalBatches: 0,
  journalOldestMs: 0,
  differingWarmKinds: [],
  clockOffsetMs: 12,
};

const PEER: PairNodeStatus = {
  node: 'dw-b',
  version: '1.2.0',
  address: '192.0.2.12 port 8056',
  startedAt: '2026-11-23T03:00:00.000Z',
  role: 'active',
  reason: 'has both votes',
  since: '2026-11-23T03:00:00.000Z',
  epoch: 7,
  votes: { database: { leftMs: 1000, trouble: undefined }, peer: { leftMs: 1000, trouble: undefined } },
  holdsAddress: true,
  isListening: true,
  readiness: { isReady: true, findings: [] },
  queue: { batches: 0, rows: 0, oldestMs: 0 },
  settingsDigest: WELL.settingsDigest,
};

test('a node with which all is well is ready, and every finding says so', () => {
  const { isReady, findings } = readinessOf(WELL, PEER);
  assert.ok(isReady);
  assert.deepEqual(
    findings.filter(({ state }) => state !== 'ok'),
    [],
  );
});

const FAILURES: readonly [name: string, facts: Partial<ReadinessFacts>, peer: Partial<PairNodeStatus>, text: RegExp][] =
  [
    ['version', {}, { version: '1.3.0' }, /1\.2\.0 here, 1\.3\.0 on dw-b \(install the same version/],
    [
      'shared settings',
      {},
      { settingsDigest: 'ffff00001111' },
      /differ from those of dw-b \(a1b2c3d4e5f6 here, ffff00001111 there/,
    ],
    ['database', { databaseTrouble: 'connection refused' }, {}, /connection refused \(see database\.url/],
    ['schema', { isMigrated: false }, {}, /\(dogwatch migrate/],
    ['queue', { queueTrouble: 'Redis is away' }, {}, /Redis is away \(see redis\.url/],
    ['processes', { processTroubles: ['worker 2 is starting'] }, {}, /worker 2 is starting/],
    ['virtual IP', { addressTroubles: [{ found: 'no arping', remedy: 'install it' }] }, {}, /no arping \(install it/],
    ['ports', { takenPorts: ['UDP 2055'] }, {}, /UDP 2055 \(find it with/],
    ['secrets', { unreadableFiles: ['/etc/dogwatch/secret'] }, {}, /\/etc\/dogwatch\/secret \(copy them/],
  ];

for (const [name, facts, peer, text] of FAILURES)
  test(`a node is not ready for its ${name} alone, and says what to do`, () => {
    const { isReady, findings } = readinessOf({ ...WELL, ...facts }, { ...PEER, ...peer });
    assert.ok(!isReady);
    const failed = findings.filter(({ state }) => state === 'fail');
    assert.deepEqual(
      failed.map((finding) => finding.name),
      [name],
    );
    assert.match(`${failed[0]?.found} (${failed[0]?.remedy})`, text);
  });

test('what a takeover can do without is a warning: clocks apart, a full journal, a warm state that differs, no word of the peer', () => {
  const facts = {
    ...WELL,
    clockOffsetMs: -4200,
    journalBatches: 7,
    journalOldestMs: 60_000,
    differingWarmKinds: ['flow.template'],
  };
  const { isReady, findings } = readinessOf(facts, PEER);
  assert.ok(isReady);
  assert.deepEqual(
    findings.filter(({ state }) => state === 'warn').map(({ name, found }) => `${name}: ${found}`),
    [
      'journal: 7 batches wait, the oldest for 60 s',
      'warm state: differs at the moment: flow.template',
      'clock: 4200 ms behind ours on the peer',
    ],
  );
  assert.ok(readinessOf({ ...WELL, differingWarmKinds: undefined, clockOffsetMs: undefined }, undefined).isReady);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairLines } from '../../../src/cli/terminal/pair-lines.ts';
import type { PairNodeStatus, PairStatus } from '../../../src/pair/pair-status.ts';

const NOW = new Date('2026-11-23T04:00:00.000Z');

function node(name: string, role: PairNodeStatus['role'], more: Partial<PairNodeStatus> = {}): PairNodeStatus {
  return {
    node: name,
    version: '1.2.0',
    address: '192.0.2.11 port 8056',
    startedAt: '2026-11-23T03:00:00.000Z',
    role,
    reason: 'the database and the other node agree',
    since: '2026-11-23T03:59:00.000Z',
    epoch: 7,
    votes: { database: { leftMs: 1500, trouble: undefined }, peer: { leftMs: 0, trouble: undefined } },
    holdsAddress: role !== 'standby',
    isListening: role !== 'standby',
    readiness: { isReady: true, findings: [] },
    queue: { batches: 0, rows: 0, oldestMs: 0 },
    settingsDigest: 'ab',
    ...more,
  };
}

function screenOf(own: PairNodeStatus, peer: PairNodeStatus | undefined): string {
  const pair: PairStatus = {
    pair: 'p',
    virtualAddresses: ['192.0.2.10/24'],
    heartbeat: { holder: 'dw-a', epoch: 7, ageMs: 200 },
    own,
    peer,
    peerName: 'dw-b',
    link: {
      heardMsAgo: undefined,
      roundTripMs: undefined,
      clockOffsetMs: undefined,
      loss: undefined,
      trouble: undefined,
    },
    events: [],
  };
  return pairLines(pair, NOW)
    .map(([label, text]) => `${label}| ${text}`)
    .join('\n');
}

test('the screen says where the virtual IP was seen, and who listens, whatever the roles are', () => {
  const well = screenOf(node('dw-a', 'active'), node('dw-b', 'standby'));
  assert.match(well, /virtual IP 192\.0\.2\.10\/24, on dw-a$/m);
  assert.match(well, /votes: database yes, 1\.5 s left, peer no; listening$/m);
  const lost = screenOf(node('dw-a', 'active', { holdsAddress: false, isListening: false }), node('dw-b', 'standby'));
  assert.match(lost, /on neither node as far as is known$/m);
  assert.match(lost, /; not listening$/m);
  const elsewhere = { holdsAddress: false };
  assert.match(
    screenOf(node('dw-a', 'active', elsewhere), node('dw-b', 'standby', { holdsAddress: true })),
    /, on dw-b$/m,
  );
});

test('a standby that could not take over shows what is missing and what to do', () => {
  const finding = { name: 'ports', state: 'fail', found: 'taken: UDP 2055', remedy: 'find it' } as const;
  const screen = screenOf(
    node('dw-a', 'active'),
    node('dw-b', 'standby', { readiness: { isReady: false, findings: [finding] } }),
  );
  assert.match(screen, /^\| NOT ready to take over:\n\| +FAIL ports: taken: UDP 2055 \(find it\)$/m);
});

test('a peer that has said nothing, and batches that wait, are said', () => {
  const queue = { batches: 1200, rows: 34_000, oldestMs: 65_000 };
  const screen = screenOf(node('dw-a', 'collecting', { queue }), undefined);
  assert.match(screen, /^dw-b\| has said nothing since this node started$/m);
  assert.match(screen, /^\| 1,200 batches, 34,000 rows wait, the oldest for /m);
});

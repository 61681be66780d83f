import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairLines } from '../../../src/cli/terminal/pair-lines.ts';
import type { PairNodeStatus, PairStatus } from '../../../src/pair/pair-status.ts';
import { standbyStatus } from '../../support/standby-status.ts';

const NOW = new Date('2026-11-23T04:00:00.000Z');

const ACTIVE: Partial<PairNodeStatus> = {
  role: 'active',
  reason: 'the database and dw-b agree',
  votes: { database: { leftMs: 1800, trouble: undefined }, peer: { leftMs: 1700, trouble: undefined } },
  holdsAddress: true,
  isListening: true,
  queue: { batches: 3, rows: 1500, oldestMs: 2000 },
};

function shown(own: PairNodeStatus, peer: PairNodeStatus | undefined, heardMsAgo: number | undefined): string {
  const pair: PairStatus = {
    pair: 'p',
    virtualAddresses: ['192.0.2.10/24'],
    heartbeat: { holder: 'dw-a', epoch: 7, ageMs: 300 },
    own,
    peer,
    peerName: peer?.node ?? 'dw-b',
    link: { heardMsAgo, roundTripMs: 0.4, clockOffsetMs: 2, loss: 0, trouble: undefined },
    events: [
      {
        uid: 'u',
        at: '2026-11-23T03:59:00.000Z',
        node: 'dw-a',
        epoch: 7,
        kind: 'takeover',
        summary: 'dw-a is active now',
        details: {},
      },
    ],
  };
  return pairLines(pair, NOW)
    .map(([label, text]) => `${label}: ${text}`)
    .join('\n');
}

test('on either node the pair is on one screen: roles, reasons, epoch, votes, address, heartbeat, readiness, queues, events', () => {
  const [a, b] = [standbyStatus('dw-a', ACTIVE), standbyStatus('dw-b', {})];
  for (const text of [shown(a, b, 100), shown(b, a, 100)])
    for (const part of [
      /virtual IP 192\.0\.2\.10\/24, on dw-a$/m,
      /heartbeat: epoch 7 of dw-a, .* ago$/m,
      /active for .*, epoch 7: the database and dw-b agree$/m,
      /votes: database yes, 1\.8 s left, peer yes, 1\.7 s left; listening$/m,
      /queue: 3 batches, 1,?500 rows, the oldest for/m,
      /standby for .*: dw-a is active$/m,
      /ready to take over$/m,
      /queue: empty$/m,
      /link: heard .* ago, round trip 0\.4 ms/m,
      /events: .* ago, dw-a: dw-a is active now$/m,
    ])
      assert.match(text, part);
});

test('what a node that is not heard said last is not shown as what it is', () => {
  const text = shown(standbyStatus('dw-b', {}), standbyStatus('dw-a', ACTIVE), 12_000);
  assert.match(text, /on neither node as far as is known$/m);
  assert.match(text, /^dw-a: NOT HEARD for 12/m);
  assert.match(text, /it said last: active, epoch 7, 3 batches, 1,?500 rows waiting/);
  assert.doesNotMatch(text, /left, peer/);
  assert.match(shown(standbyStatus('dw-a', ACTIVE), undefined, undefined), /^dw-b: NOT HEARD: it has said nothing/m);
});

test('the address and the listeners are shown where they were seen, whatever the roles are', () => {
  const bare = { ...ACTIVE, holdsAddress: false, isListening: false };
  const nowhere = shown(standbyStatus('dw-a', bare), standbyStatus('dw-b', {}), 100);
  assert.match(nowhere, /virtual IP 192\.0\.2\.10\/24, on neither node as far as is known$/m);
  assert.match(nowhere, /; not listening$/m);
  assert.match(shown(standbyStatus('dw-a', bare), standbyStatus('dw-b', { holdsAddress: true }), 100), /, on dw-b$/m);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoleStatus } from '../../../ha/role/keeper/status.ts';
import { because } from '../../../ha/role/reason.ts';
import { voteChanges } from '../../../src/pair/events/role-events.ts';

function statusWith(role: RoleStatus['role'], databaseVoteMs?: number, peerVoteMs?: number): RoleStatus {
  return {
    node: 'dw-a',
    peer: 'dw-b',
    role,
    reason: because('STARTING', ''),
    sinceMs: 0,
    epoch: 3,
    knownEpoch: 3,
    databaseVoteMs,
    peerVoteMs,
    promiseMs: undefined,
    heartbeat: undefined,
    heartbeatAgeMs: undefined,
    databaseAnsweredMs: undefined,
    peerWords: undefined,
    peerHeardMs: undefined,
    probe: undefined,
    isReady: true,
    lossesInTenMinutes: 0,
    trouble: '',
  };
}

test('a vote that is lost and one that is regained are told once each, by name', () => {
  const both = voteChanges(undefined, statusWith('active', 1000, 1000), 'dw-a');
  assert.deepEqual(both.events, []);
  const one = voteChanges(both.votes, statusWith('active', 1000), 'dw-a');
  assert.deepEqual(
    one.events.map(({ summary }) => summary),
    ['dw-a has lost the vote of the peer'],
  );
  assert.deepEqual(voteChanges(one.votes, statusWith('active', 900), 'dw-a').events, []);
  const other = voteChanges(one.votes, statusWith('active', undefined, 500), 'dw-a');
  assert.deepEqual(
    other.events.map(({ summary, details }) => [summary, details['has']]),
    [
      ['dw-a has lost the vote of the database', false],
      ['dw-a has the vote of the peer again', true],
    ],
  );
});

test('a standby has no votes to lose, and begins anew as it becomes active', () => {
  const before = { database: true, peer: true };
  assert.deepEqual(voteChanges(before, statusWith('standby'), 'dw-a'), { votes: undefined, events: [] });
  assert.deepEqual(voteChanges(undefined, statusWith('active', 1000), 'dw-a').events, []);
});

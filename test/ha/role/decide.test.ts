import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../ha/role/decide.ts';
import type { Beat, Heartbeat } from '../../../ha/role/ports.ts';
import type { View } from '../../../ha/role/view.ts';

const NOW = 100_000;

function rowOf(fields: Partial<Heartbeat> = {}): Heartbeat {
  return { epoch: 1, holder: 'right', session: 'right-1', counter: 7, ...fields };
}

function beatOf(fields: Partial<Beat> = {}): Beat {
  const words = {
    node: 'right',
    role: 'standby',
    epoch: 1,
    wantsGrant: false,
    seesDatabase: true,
    isReady: true,
  } as const;
  return { ...words, number: 1, grants: 0, ...fields };
}

/** A standby, `left`, that hears its database and not its peer, with nothing promised. */
function viewOf({
  database,
  link,
  ...fields
}: Partial<Omit<View, 'database' | 'link'>> & {
  readonly database?: Partial<View['database']>;
  readonly link?: Partial<View['link']>;
}): View {
  return {
    beatMs: 400,
    leaseMs: 2000,
    windowMs: 3000,
    node: 'left',
    peer: 'right',
    session: 'left-1',
    whenIsolated: 'collect',
    wokeMs: 0,
    role: 'standby',
    sinceMs: 0,
    epoch: 0,
    known: 1,
    knownBefore: 1,
    handOver: 'none',
    isReady: true,
    probe: undefined,
    probingSinceMs: Infinity,
    movedMs: -Infinity,
    lossesMs: [],
    ...fields,
    database: {
      voteUntilMs: -Infinity,
      answeredMs: NOW - 10,
      row: rowOf(),
      stillSinceMs: NOW - 10,
      stillAnswers: 1,
      roundTripMs: 5,
      peerRenewedMs: -Infinity,
      claimPending: false,
      ...database,
    },
    link: {
      voteUntilMs: -Infinity,
      promiseUntilMs: -Infinity,
      heardMs: -Infinity,
      standbySinceMs: Infinity,
      beat: undefined,
      ...link,
    },
  };
}

const STILL = { stillSinceMs: NOW - 3100, stillAnswers: 20 };
const FREE = { owner: 'nobody', neighbourAnswers: true, askedMs: NOW - 1200, answeredMs: NOW - 200 } as const;

test('an active node with both votes stays active', () => {
  const votes = { database: { voteUntilMs: NOW + 1 }, link: { voteUntilMs: NOW + 1 } };
  const decision = decide(viewOf({ role: 'active', epoch: 1, ...votes }), NOW);
  assert.deepEqual([decision.role, decision.reason.code, decision.ask], ['active', 'BOTH_VOTES', 'renew']);
});

test('an active node that knows of a higher epoch is standby at once, whatever its votes', () => {
  const decision = decide(viewOf({ role: 'active', epoch: 1, known: 2, database: { voteUntilMs: NOW + 1000 } }), NOW);
  assert.deepEqual([decision.role, decision.reason.code], ['standby', 'HIGHER_EPOCH']);
});

test('an active node that lost both votes collects, or steps down where the settings say so', () => {
  const lost = { role: 'active', epoch: 1, database: { voteUntilMs: NOW }, link: { voteUntilMs: NOW - 1 } } as const;
  assert.equal(decide(viewOf(lost), NOW).role, 'collecting');
  const decision = decide(viewOf({ ...lost, whenIsolated: 'stepDown' }), NOW);
  assert.deepEqual([decision.role, decision.reason.code], ['standby', 'VOTES_LOST']);
});

test('an active node that slept through the end of its lease is standby, and does not collect', () => {
  const view = viewOf({ role: 'active', epoch: 1, wokeMs: NOW, database: { voteUntilMs: NOW - 8000 } });
  assert.deepEqual([decide(view, NOW).role, decide(view, NOW).reason.code], ['standby', 'PAUSED']);
});

test('a standby takes the row when it stood still for the window and the address is free', () => {
  assert.equal(decide(viewOf({ database: STILL, probe: FREE }), NOW).ask, 'claim');
  assert.equal(decide(viewOf({ database: { ...STILL, stillSinceMs: NOW - 2900 }, probe: FREE }), NOW).ask, 'read');
});

test('a standby does not take the row while its promise lasts', () => {
  const decision = decide(viewOf({ database: STILL, probe: FREE, link: { promiseUntilMs: NOW + 1 } }), NOW);
  assert.deepEqual([decision.ask, decision.reason.code], ['read', 'PROMISED']);
});

test('a standby does not take the row where a foreign machine has the address, and names its MAC', () => {
  const decision = decide(
    viewOf({ database: STILL, probe: { ...FREE, owner: 'foreign', mac: '02:00:00:00:00:99' } }),
    NOW,
  );
  assert.deepEqual([decision.ask, decision.reason.code], ['read', 'FOREIGN_OWNER']);
  assert.match(decision.reason.text, /02:00:00:00:00:99/);
});

test('a stretch with a gap of more than two beats does not count', () => {
  assert.equal(decide(viewOf({ database: { ...STILL, answeredMs: NOW - 900 }, probe: FREE }), NOW).ask, 'read');
});

test('a keeper that was restarted takes the row that names its node at once', () => {
  assert.equal(decide(viewOf({ database: { row: rowOf({ holder: 'left', session: 'left-0' }) } }), NOW).ask, 'claim');
});

test('a row that names this node under an epoch below the highest known is not taken at once', () => {
  const row = rowOf({ holder: 'left', session: 'left-0' });
  assert.equal(decide(viewOf({ known: 2, database: { row } }), NOW).ask, 'read');
});

test('three losses in ten minutes leave the role to a peer that is alive, and to nobody else', () => {
  const lossesMs = [NOW - 1000, NOW - 2000, NOW - 3000];
  const alive = { heardMs: NOW - 100, beat: beatOf() };
  assert.equal(decide(viewOf({ database: STILL, probe: FREE, lossesMs, link: alive }), NOW).reason.code, 'QUARANTINED');
  assert.equal(decide(viewOf({ database: STILL, probe: FREE, lossesMs }), NOW).ask, 'claim');
});

test('a collecting node lets go at the first sign of another owner, and where no neighbour answers', () => {
  const collecting = { role: 'collecting', sinceMs: NOW - 5000, database: { answeredMs: -Infinity } } as const;
  assert.equal(decide(viewOf({ ...collecting, probe: FREE }), NOW).role, 'collecting');
  assert.equal(
    decide(viewOf({ ...collecting, probe: { ...FREE, owner: 'peer' } }), NOW).reason.code,
    'PEER_HAS_ADDRESS',
  );
  assert.equal(
    decide(viewOf({ ...collecting, probe: { ...FREE, neighbourAnswers: false } }), NOW).reason.code,
    'SEGMENT_SILENT',
  );
});

test('a standby collects only where a neighbour answers and nobody has the address', () => {
  const alone = { database: { answeredMs: -Infinity } };
  assert.equal(decide(viewOf({ ...alone, probe: FREE }), NOW).role, 'collecting');
  assert.equal(decide(viewOf({ ...alone, probe: { ...FREE, neighbourAnswers: undefined } }), NOW).role, 'standby');
  assert.equal(decide(viewOf({ ...alone, probe: FREE, whenIsolated: 'stepDown' }), NOW).role, 'standby');
});

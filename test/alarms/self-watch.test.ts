import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { SelfWatch } from '../../src/alarms/self-watch.ts';
import type { CollectorStatus } from '../../src/console/status.ts';
import type { PairNodeStatus, PairStatus } from '../../src/pair/pair-status.ts';
import { exampleStatus } from '../support/example-status.ts';
import { HandClock, LogLines } from '../support/hand-clock.ts';
import { standbyStatus } from '../support/standby-status.ts';

interface Told {
  readonly kind: string;
  readonly epoch: number;
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
}

class Node {
  status: CollectorStatus = exampleStatus();
  readonly told: Told[] = [];
  readonly clock = new HandClock();
  readonly watch = new SelfWatch(
    // A disk that is not there is none that is full, however full that of the test is.
    { node: 'n1', journalDirectory: `${tmpdir()}/dogwatch-no-such-folder`, lossPerMinute: 1000, repeatAfterMs: 0 },
    () => Promise.resolve(this.status),
    { add: (kind, epoch, summary, details) => void this.told.push({ kind, epoch, summary, details }) },
    this.clock,
    new LogLines().log,
  );

  /** Looks every five seconds. */
  async passes(seconds: number, change: Partial<CollectorStatus> = {}): Promise<void> {
    this.status = { ...this.status, ...change };
    for (let second = 0; second < seconds; second += 5) {
      this.clock.advance(5000);
      await this.watch.look();
    }
  }

  get kinds(): unknown[] {
    return this.told.map(({ kind, details }) => `${kind} ${String(details['alarm'])}`);
  }
}

test('a collector that is well has no alarms', async () => {
  const node = new Node();
  await node.passes(600);
  assert.equal(node.told.length, 0);
});

test('a database that is away is an alarm after a minute, and one event tells when it is back', async () => {
  const node = new Node();
  const { writer } = node.status;
  await node.passes(60, { writer: { ...writer, state: 'waiting', error: 'connect ECONNREFUSED' } });
  assert.equal(node.told.length, 0);
  await node.passes(300);
  assert.deepEqual(node.kinds, ['alarm database']);
  assert.equal(node.told[0]?.summary, 'n1 has not reached the database for a minute: connect ECONNREFUSED');
  assert.equal(node.watch.alarms[0]?.kind, 'database');
  await node.passes(60, { writer });
  assert.deepEqual(node.kinds, ['alarm database', 'alarm-over database']);
  assert.equal(node.watch.alarms.length, 0);
});

test('a journal at 80 % is an alarm until it is below 75 %', async () => {
  const node = new Node();
  const { journal } = node.status;
  const filled = (percent: number): Partial<CollectorStatus> => ({
    journal: { ...journal, maxBytes: 100, bytes: percent },
  });
  await node.passes(120, filled(79));
  assert.equal(node.told.length, 0);
  await node.passes(120, filled(80));
  await node.passes(120, filled(76));
  assert.deepEqual(node.kinds, ['alarm journal']);
  await node.passes(120, filled(74));
  assert.deepEqual(node.kinds, ['alarm journal', 'alarm-over journal']);
});

test('rows that are lost at the bound are an alarm at once', async () => {
  const node = new Node();
  const { journal } = node.status;
  await node.passes(10);
  await node.passes(5, { journal: { ...journal, lostRows: journal.lostRows + 7 } });
  assert.deepEqual(node.kinds, ['alarm rows-lost']);
  assert.match(node.told[0]?.summary ?? '', /\(7 in the last minute\)/);
  await node.passes(110);
  assert.equal(node.told.length, 1);
  await node.passes(30);
  assert.deepEqual(node.kinds, ['alarm rows-lost', 'alarm-over rows-lost']);
});

test('rows that were lost before the node looked for the first time are no alarm', async () => {
  const node = new Node();
  await node.passes(60, { journal: { ...node.status.journal, lostRows: 1_000_000 } });
  assert.equal(node.told.length, 0);
});

test('a process that died once is none, one that dies for the third time in ten minutes is an alarm', async () => {
  const node = new Node();
  const { processes } = node.status;
  const died = (restarts: number): Partial<CollectorStatus> => ({
    processes: processes.map((each) => (each.name === 'console' ? { ...each, restarts } : each)),
  });
  assert.ok(processes.some(({ name, restarts }) => name === 'console' && restarts === 0));
  await node.passes(5);
  await node.passes(120, died(1));
  await node.passes(120, died(2));
  assert.equal(node.told.length, 0);
  await node.passes(5, died(3));
  assert.deepEqual(
    node.told.map(({ details }) => details['subject']),
    ['console'],
  );
  await node.passes(900);
  assert.deepEqual(node.kinds, ['alarm process', 'alarm-over process']);
});

test('loss in a minute is an alarm from the threshold on, however it is spread', async () => {
  const node = new Node();
  const { flow } = node.status;
  await node.passes(5);
  for (let minute = 1; minute <= 5; minute += 1)
    await node.passes(60, { flow: { ...flow, lost: flow.lost + minute * 999 } });
  assert.equal(node.told.length, 0);
  await node.passes(5, { flow: { ...flow, lost: node.status.flow.lost + 1000 } });
  assert.deepEqual(node.kinds, ['alarm loss']);
});

test('a table near its limit is an alarm', async () => {
  const node = new Node();
  const table = { name: 'flows', rows: 1, bytesPerDay: 1, basis: 'days', maxBytes: 100, daysToLimit: 1 } as const;
  const storage = (bytes: number): Partial<CollectorStatus> => ({
    storage: {
      at: '2026-11-23T04:00:00.000Z',
      tables: [{ ...table, bytes }],
      total: { ...table, name: 'total', bytes, maxBytes: undefined },
      disk: undefined,
      first: undefined,
      alarms: bytes >= 80 ? [{ what: 'the limit of flows', part: bytes / 100 }] : [],
      dropped: { partitionsOverAge: 0, partitionsOverSize: 0, bytesOverSize: 0 },
    },
  });
  await node.passes(60, storage(81));
  await node.passes(60, storage(77));
  assert.deepEqual(node.kinds, ['alarm storage']);
  await node.passes(60, storage(70));
  assert.deepEqual(node.kinds, ['alarm storage', 'alarm-over storage']);
});

function nodeOfPair(node: string, role: PairNodeStatus['role'], isReady: boolean): PairNodeStatus {
  return standbyStatus(node, {
    role,
    votes: { database: { leftMs: 1000, trouble: undefined }, peer: { leftMs: 1000, trouble: undefined } },
    holdsAddress: role !== 'standby',
    isListening: role !== 'standby',
    readiness: {
      isReady,
      findings: isReady ? [] : [{ name: 'ports', state: 'fail', found: 'taken: UDP 2055', remedy: 'find it' }],
    },
  });
}

function pairStatus(own: PairNodeStatus, peer: PairNodeStatus, heardMsAgo: number): PairStatus {
  return {
    pair: 'p',
    virtualAddresses: ['192.0.2.10/24'],
    heartbeat: undefined,
    own,
    peer,
    peerName: peer.node,
    link: { heardMsAgo, roundTripMs: 1, clockOffsetMs: 0, loss: 0, trouble: undefined },
    events: [],
  };
}

test('a standby that is not ready, or not heard, for a minute is an alarm of the active node', async () => {
  const node = new Node();
  const active = nodeOfPair('n1', 'active', true);
  await node.passes(90, { pair: pairStatus(active, nodeOfPair('n2', 'standby', false), 100) });
  assert.deepEqual(node.kinds, ['alarm standby']);
  assert.equal(node.told[0]?.epoch, 7);
  assert.match(node.told[0]?.summary ?? '', /n2: ports: taken: UDP 2055$/);
  await node.passes(30, { pair: pairStatus(active, nodeOfPair('n2', 'standby', true), 100) });
  await node.passes(90, { pair: pairStatus(active, nodeOfPair('n2', 'standby', true), 60_000) });
  assert.deepEqual(node.kinds, ['alarm standby', 'alarm-over standby', 'alarm standby']);
});

test('an active node without the address or with workers that do not listen is an alarm, one that gets them in time is not', async () => {
  const peer = nodeOfPair('n2', 'standby', true);
  const active = nodeOfPair('n1', 'active', true);
  const bare = { ...active, holdsAddress: false, isListening: false };
  const node = new Node();
  await node.passes(5, { pair: pairStatus(bare, peer, 100) });
  await node.passes(60, { pair: pairStatus(active, peer, 100) });
  assert.deepEqual(node.kinds, []);
  await node.passes(30, { pair: pairStatus(bare, peer, 100) });
  assert.deepEqual(node.kinds, ['alarm address', 'alarm listeners']);
  await node.passes(60, { pair: pairStatus(active, peer, 100) });
  assert.deepEqual(node.kinds.slice(2), ['alarm-over address', 'alarm-over listeners']);
  const standby = { ...nodeOfPair('n1', 'standby', true), holdsAddress: true };
  await node.passes(30, { pair: pairStatus(standby, nodeOfPair('n2', 'active', true), 100) });
  assert.equal(node.kinds.at(-1), 'alarm address');
});

test('a node of a pair that has nothing to write notices by its heartbeat that the database is away', async () => {
  const node = new Node();
  const silent = { name: 'database', state: 'fail', found: 'it has not answered for 70 s', remedy: 'see' } as const;
  const own = { ...nodeOfPair('n1', 'active', true), readiness: { isReady: false, findings: [silent] } };
  await node.passes(90, { pair: pairStatus(own, nodeOfPair('n2', 'standby', true), 100) });
  assert.deepEqual(node.kinds, ['alarm database']);
  assert.match(node.told[0]?.summary ?? '', /for a minute: it has not answered for 70 s$/);
});

test('the standby is silent about its own readiness', async () => {
  const node = new Node();
  const own = nodeOfPair('n2', 'standby', false);
  await node.passes(300, { pair: pairStatus(own, nodeOfPair('n1', 'active', true), 100) });
  assert.equal(node.told.length, 0);
});

test('warm state that stays different is an alarm', async () => {
  const node = new Node();
  const differs = { name: 'warm state', state: 'warn', found: 'differs at the moment: flow.template' } as const;
  const own = { ...nodeOfPair('n2', 'standby', true), readiness: { isReady: true, findings: [differs] } };
  await node.passes(90, { pair: pairStatus(own, nodeOfPair('n1', 'active', true), 100) });
  assert.deepEqual(node.kinds, ['alarm warm-state']);
});

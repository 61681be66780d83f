import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Poller, type PollerOptions } from '../../src/polling/poller.ts';
import { connect, type DatabaseAddress, type DatabaseClient } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { HandClock, LogLines } from '../support/hand-clock.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { agentWith, type Question, type Script, startScriptedAgent, text } from '../support/scripted-agent.ts';

const PATIENT = { intervalMs: 3_600_000, soonestMs: 300_000, concurrency: 2, timeoutMs: 60_000, retries: 0 };
const FACTS = agentWith({ '1.3.6.1.2.1.1.5.0': text('core-1'), '1.3.6.1.2.1.2.2.1.2.5': text('Gi0/5') });
const SILENT: Script = () => [];

interface Pollers {
  readonly client: DatabaseClient;
  readonly address: DatabaseAddress;
  readonly port: number;
  readonly questions: readonly Question[];
  readonly poller: (devices: readonly string[], options?: Partial<PollerOptions>) => Driven;
}

interface Driven {
  readonly poller: Poller;
  readonly clock: HandClock;
  /** Starts it, or lets time go on, and waits for the end of the round. */
  readonly round: (afterMs?: number) => Promise<void>;
}

/** Agents at `addresses` of one port that all follow `script`, and a database for pollers of them. */
async function pollersOf(context: TestContext, addresses: readonly string[], script: Script): Promise<Pollers> {
  const { address } = await startTestDatabase();
  const client = await connect(address);
  const questions: Question[] = [];
  let port = 0;
  for (const each of addresses) {
    const agent = await startScriptedAgent(
      (question) => {
        questions.push(question);
        return script(question);
      },
      each,
      port,
    );
    port = agent.port;
    context.after(() => agent.close());
  }
  const poller = (devices: readonly string[], options: Partial<PollerOptions> = {}): Driven => {
    const clock = new HandClock();
    const credential = { port, version: '2c', community: 'harbour' } as const;
    const made = new Poller(address, [{ devices, credential }], { ...PATIENT, ...options }, clock, new LogLines().log);
    context.after(() => made.stop());
    const round = async (afterMs?: number) => {
      if (afterMs === undefined) await made.start();
      clock.advance(afterMs ?? 0);
      await eventually('the round ends', () => clock.waiting > 0);
    };
    return { poller: made, clock, round };
  };
  return { client, address, port, questions, poller };
}

/** Makes devices known as exporters. */
async function hear(client: DatabaseClient, ...devices: readonly string[]): Promise<void> {
  const counts = ['datagrams', 'records', 'lost', 'reordered', 'restarts', 'undecodable', 'held', 'held_expired'];
  const zeros = Object.fromEntries(counts.map((name) => [name, 0]));
  // Later than any clock of the test.
  const seen = { first_seen: '2026-01-01T00:00:00Z', last_seen: '2030-01-01T00:00:00Z' };
  const rows = devices.map((exporter) => ({ exporter, observation_domain: 0, protocol: 'ipfix', ...seen, ...zeros }));
  await insertRows(client, 'exporters', rows);
}

test('only devices with a credential that have been heard are asked', async (context) => {
  const all = ['127.0.1.1', '127.0.1.2', '127.0.2.1', '127.0.3.1'];
  const { client, questions, poller } = await pollersOf(context, all, FACTS);
  await hear(client, '127.0.1.1', '127.0.2.1');
  // In the prefix and heard; in the prefix and never heard; heard without a credential; named, though never heard.
  const { round } = poller(['127.0.1.0/24', '127.0.3.1']);
  await round();
  const { rows } = await client.query<{ device: string; interfaces: number }>(
    'SELECT host(device) AS device, interfaces FROM snmp_polls ORDER BY device',
  );
  assert.deepEqual(rows, [
    { device: '127.0.1.1', interfaces: 1 },
    { device: '127.0.3.1', interfaces: 1 },
  ]);
  // One get, and of five columns one with a row and four without.
  assert.equal(questions.length, 2 * (1 + 2 + 4), 'nobody else has had a datagram');
});

test('of two pollers that share a database one asks', async (context) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { questions, client, poller } = await pollersOf(context, ['127.0.0.1'], async (question) => {
    await released;
    return FACTS(question);
  });
  const first = poller(['127.0.0.1']);
  const second = poller(['127.0.0.1']);
  const asking = first.round();
  await eventually('the first asks', () => questions.length === 1);
  await second.round();
  assert.equal(second.poller.totals.polls, 0, 'the other has the lock');
  assert.equal(questions.length, 1);
  release();
  await asking;
  await second.round(30_000);
  assert.equal(first.poller.totals.polls, 1);
  assert.equal(second.poller.totals.polls, 0, 'it has the lock now, and nobody is due');
  await first.poller.stop();
  await second.round(3_600_000);
  assert.equal(second.poller.totals.polls, 1);
  const { rows } = await client.query('SELECT FROM interface_names');
  assert.equal(rows.length, 1);
});

test('no more devices are asked at the same time than allowed', async (context) => {
  const devices = Array.from({ length: 7 }, (_, index) => `127.0.4.${index + 1}`);
  let asked = 0;
  let most = 0;
  const { poller } = await pollersOf(context, devices, async (question) => {
    asked += 1;
    most = Math.max(most, asked);
    // Long enough for every other question to arrive.
    await new Promise((resolve) => setTimeout(resolve, 10));
    asked -= 1;
    return FACTS(question);
  });
  const { poller: made, round } = poller(devices, { concurrency: 3 });
  await round();
  assert.equal(made.totals.polls, 7);
  assert.equal(most, 3);
});

test('stopping gives up what is asked at once, and says nothing of the device', async (context) => {
  const { client, questions, poller } = await pollersOf(context, ['127.0.0.1'], SILENT);
  const { poller: made, clock } = poller(['127.0.0.1']);
  await made.start();
  clock.advance(0);
  await eventually('it asks', () => questions.length > 0);
  await made.stop();
  assert.deepEqual(made.totals, { polls: 0, failures: 0, interfaces: 0 });
  assert.equal((await client.query('SELECT FROM snmp_polls')).rowCount, 0);
  assert.equal(clock.waiting, 0, 'there is no next round');
});

test('an interface of new flows that is not known has its exporter asked soon, once', async (context) => {
  const { client, poller } = await pollersOf(context, ['127.0.0.1'], FACTS);
  const driven = poller(['127.0.0.1']);
  const pollsAfter = async (ms: number) => {
    await driven.round(ms);
    return driven.poller.totals.polls;
  };
  const flow = (in_if: number, out_if: number) =>
    insertRows(client, 'flows', [{ received_at: new Date().toISOString(), exporter: '127.0.0.1', in_if, out_if }]);
  await driven.round();
  await flow(5, 0); // known, and "none"
  await flow(5, 4_294_967_295); // no ifIndex
  assert.equal(await pollsAfter(300_000), 1);
  await flow(5, 7);
  assert.equal(await pollsAfter(30_000), 2, 'an unknown one');
  await flow(5, 7);
  assert.equal(await pollsAfter(300_000), 2, 'the device does not tell it, which is no reason to ask again');
  await flow(8, 5);
  assert.equal(await pollsAfter(30_000), 3, 'another one is');
});

test('other rules count from the next round on', async (context) => {
  const { questions, port, poller } = await pollersOf(context, ['127.0.0.1', '127.0.5.1'], FACTS);
  const { poller: made, round } = poller(['127.0.0.1']);
  await round();
  const before = questions.length;
  made.replaceRules([{ devices: ['127.0.5.1'], credential: { port, version: '2c', community: 'pier' } }]);
  await round(3_600_000);
  const communities = new Set(questions.slice(before).map(({ community }) => community));
  assert.deepEqual(communities, new Set(['pier']), 'and the first, though due, is not asked any more');
  assert.equal(made.totals.polls, 2);
});

test('a database that is away is said, and waited for', async (context) => {
  const { address, questions, port } = await pollersOf(context, ['127.0.0.1'], FACTS);
  const clock = new HandClock();
  const lines = new LogLines();
  const rules = [{ devices: ['127.0.0.1'], credential: { port, version: '2c', community: 'harbour' } as const }];
  const poller = new Poller({ ...address, database: 'nowhere' }, rules, PATIENT, clock, lines.log);
  context.after(() => poller.stop());
  await poller.start();
  clock.advance(0);
  await eventually('the round ends', () => clock.waiting > 0);
  assert.match(JSON.stringify(lines.all()), /polling waits for the database/);
  assert.equal(questions.length, 0);
});

test('without credentials nobody is asked, not even the database', async () => {
  const clock = new HandClock();
  const lines = new LogLines();
  const poller = new Poller({ host: '/nowhere' }, [], PATIENT, clock, lines.log);
  await poller.start();
  clock.advance(0);
  await eventually('the round ends', () => clock.waiting > 0);
  assert.deepEqual(lines.all(), []);
  await poller.stop();
});

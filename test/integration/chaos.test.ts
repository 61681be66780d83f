import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { ChaosCollector } from '../support/chaos/chaos-collector.ts';
import { ACKNOWLEDGED, type LoadRecord } from '../support/chaos/load-record.ts';
import { NumberedLoad } from '../support/chaos/numbered-load.ts';
import { type Absence, SocketWatch } from '../support/chaos/socket-watch.ts';
import { missingDatagrams, storedInforms, storedMessages } from '../support/chaos/stored-numbers.ts';
import { chooseVictims, pidsOf, type Victim } from '../support/chaos/victims.ts';
import { eventually } from '../support/processes.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 12);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const MOST_BETWEEN_MS = 1500;
/** libuv reads at most so many datagrams of a socket before anything else gets its turn (uv__udp_recvmsg). */
const READ_AT_ONCE = 32;
/** How long before a worker was killed something may have been sent that it had in its hands: it may have been busy. */
const IN_HANDS_MS = 2500;
/** How long a worker that was killed again and again may be away (the keeper's longest pause, and a start); the kernel holds its datagrams. */
const LONGEST_AWAY_MS = 8000;
const TEMPLATES_EVERY_MS = 500;
/** Datagrams that are missing so close together have one cause; what was killed so long before or after may be it. */
const STRETCH_GAP_MS = 250;
const STRETCH_KILLS_MS = 15_000;

/** What was killed, and when; until when nobody listened, of the keeper. Milliseconds since 1970. */
interface Kill {
  readonly victim: Victim;
  readonly atMs: number;
  readonly backAtMs: number;
}

test(`${ROUNDS} times, any process is killed under load, and what was accepted is stored once`, async (t) => {
  t.diagnostic(`seed ${SEED} (CHAOS_SEED)`);
  const below = randomNumbers(SEED);
  const collector = await ChaosCollector.start();
  t.after(() => collector.end());
  const watch = new SocketWatch(collector.ports.flow);
  watch.start();
  t.after(() => watch.stop());
  const load = NumberedLoad.start(collector.ports);
  t.after(() => load.kill());

  const kills: Kill[] = [];
  for (const victim of chooseVictims(ROUNDS, below)) {
    await pause(below(MOST_BETWEEN_MS));
    kills.push(await killOne(collector, load, victim, below));
  }

  const sent = await load.stop();
  await watch.stop();
  await eventually('the journal is empty', async () => (await collector.status())?.journal.rows === 0, 120_000);
  await collector.process.stop();

  t.diagnostic(`killed: ${JSON.stringify(tally(kills))}; the kernel dropped ${watch.drops}`);
  for (const line of describeAbsences(kills, watch.absences)) t.diagnostic(line);
  const client = await connect(collector.postgres.address);
  t.after(() => disconnect(client));
  const losses = lossesOf(kills, watch.absences);
  for (const line of describeStretches(await missingDatagrams(client, sent), kills)) t.diagnostic(line);
  await compareFlows(t, client, sent, losses, watch.drops);
  await compareMessages(t, client, sent, losses);
});

async function killOne(
  collector: ChaosCollector,
  load: NumberedLoad,
  victim: Victim,
  below: (bound: number) => number,
): Promise<Kill> {
  if (victim === 'keeper') {
    const atMs = Date.now();
    await collector.process.killKeeper();
    // Templates are the workers' and the keeper's memory. An exporter says them now and then; ours, when it may be needed.
    const saying = setInterval(() => load.sendTemplates(), TEMPLATES_EVERY_MS);
    await collector.startAgain().finally(() => clearInterval(saying));
    return { victim, atMs, backAtMs: Date.now() };
  }
  const chosen = below(1000);
  await eventually(
    `a ${victim} is killed`,
    async () => {
      const pids = await candidates(collector, victim);
      return kill(pids[chosen % pids.length]);
    },
    60_000,
  );
  return { victim, atMs: Date.now(), backAtMs: Date.now() };
}

/** @returns false where it has ended meanwhile, or there is none */
function kill(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

async function candidates(collector: ChaosCollector, victim: Victim): Promise<number[]> {
  if (victim === 'backend') return collector.backendPids();
  if (victim === 'postmaster') return [await collector.postmasterPid()].filter((pid) => pid !== undefined);
  const status = await collector.status();
  return status === undefined ? [] : pidsOf(status, victim);
}

async function compareFlows(
  t: TestContext,
  client: DatabaseClient,
  sent: LoadRecord,
  losses: readonly Loss[],
  kernelDrops: number,
): Promise<void> {
  const missing = await missingDatagrams(client, sent);
  const datagrams = sent.flows.reduce((sum, { length }) => sum + length, 0);
  const explained = explain(missing, losses);
  t.diagnostic(`flows: ${datagrams} datagrams sent; missing: ${JSON.stringify(explained)}`);
  assertExplained('flows', explained, losses, kernelDrops);
}

async function compareMessages(
  t: TestContext,
  client: DatabaseClient,
  sent: LoadRecord,
  losses: readonly Loss[],
): Promise<void> {
  const udp = await storedMessages(client, 'udp', sent.syslog.length);
  assert.equal(udp.filter((count) => count > 1).length, 0, 'no message over UDP is stored twice');
  const explained = explain(
    [...sent.syslog].filter((_, number) => udp[number] === 0),
    losses,
  );
  t.diagnostic(`syslog over UDP: ${sent.syslog.length} sent; missing: ${JSON.stringify(explained)}`);
  assertExplained('syslog over UDP', explained, losses, 0);

  const relp = await storedMessages(client, 'relp', sent.relp.length);
  compareAnswers(t, 'RELP', sent.relp, relp);
  const informs = await storedInforms(client, sent.informs.length);
  compareAnswers(t, 'informs', sent.informs, informs);
  assert.ok(!sent.informs.includes(0), 'every inform is answered in the end');
}

function compareAnswers(t: TestContext, what: string, answers: Uint8Array, stored: Uint8Array): void {
  const numbers = [...answers.keys()];
  const acknowledged = numbers.filter((number) => answers[number] === ACKNOWLEDGED);
  const lost = acknowledged.filter((number) => stored[number] === 0);
  const twice = numbers.filter((number) => (stored[number] ?? 0) > 1);
  const unanswered = answers.length - acknowledged.length;
  t.diagnostic(
    `${what}: ${answers.length} sent, ${unanswered} without an answer, ${lost.length} lost, ${twice.length} twice`,
  );
  assert.deepEqual({ lost, twice }, { lost: [], twice: [] }, what);
}

/** How long nobody listened after each end of a keeper. */
function describeAbsences(kills: readonly Kill[], absences: readonly Absence[]): string[] {
  return absences.map(({ fromMs, untilMs }) => {
    const kill = kills.findLast(({ victim, atMs }) => victim === 'keeper' && atMs <= untilMs);
    if (kill === undefined) return `nobody listened for ${untilMs - fromMs} ms, though no keeper was killed`;
    return `keeper killed: its workers listened for ${fromMs - kill.atMs} ms, nobody until ${untilMs - kill.atMs} ms, ready after ${kill.backAtMs - kill.atMs} ms`;
  });
}

/** Where datagrams are missing by the hundred: when they were sent, and what had been killed around then. */
function describeStretches(missing: readonly number[], kills: readonly Kill[]): string[] {
  const stretches: number[][] = [];
  for (const atMs of missing.toSorted((one, other) => one - other)) {
    const last = stretches.at(-1);
    if (last === undefined || atMs - (last.at(-1) ?? 0) > STRETCH_GAP_MS) stretches.push([atMs]);
    else last.push(atMs);
  }
  return stretches
    .filter(({ length }) => length > READ_AT_ONCE)
    .map((stretch) => {
      const [from = 0, to = 0] = [stretch[0], stretch.at(-1)];
      const near = kills.filter(({ atMs }) => atMs > from - STRETCH_KILLS_MS && atMs < to + STRETCH_KILLS_MS);
      const when = near.map(({ victim, atMs }) => `${victim} at ${atMs - from}`);
      return `${stretch.length} are missing within ${to - from} ms; killed: ${when.join(', ')}`;
    });
}

interface Explained {
  readonly whileNoKeeper: number;
  readonly inHands: number;
  readonly unexplained: number;
}

/** When what may be lost was sent, and how it may be. */
interface Loss {
  readonly how: 'no keeper' | 'in hands';
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * A worker takes along what it had read and not journaled. A keeper takes the sockets along, with what a worker that was away
 * has not read from them, and until the next keeper has them the kernel has nobody to keep anything for.
 */
function lossesOf(kills: readonly Kill[], absences: readonly Absence[]): Loss[] {
  return kills.flatMap(({ victim, atMs, backAtMs }): Loss[] => {
    if (victim === 'worker') return [{ how: 'in hands', fromMs: atMs - IN_HANDS_MS, untilMs: atMs }];
    if (victim !== 'keeper') return [];
    const away = kills.filter(
      (each) => each.victim === 'worker' && each.atMs < atMs && each.atMs > atMs - LONGEST_AWAY_MS,
    );
    const absence = absences.find(({ untilMs }) => untilMs > atMs);
    const untilMs = Math.min(backAtMs, absence?.untilMs ?? backAtMs);
    return [{ how: 'no keeper', fromMs: Math.min(atMs, ...away.map((each) => each.atMs)) - IN_HANDS_MS, untilMs }];
  });
}

/** @param missing when what is missing was sent */
function explain(missing: readonly number[], losses: readonly Loss[]): Explained {
  let [whileNoKeeper, inHands, unexplained] = [0, 0, 0];
  for (const atMs of missing) {
    const within = losses.filter(({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs);
    if (within.some(({ how }) => how === 'no keeper')) whileNoKeeper += 1;
    else if (within.length > 0) inHands += 1;
    else unexplained += 1;
  }
  return { whileNoKeeper, inHands, unexplained };
}

function assertExplained(what: string, explained: Explained, losses: readonly Loss[], kernelDrops: number): void {
  const { unexplained, inHands } = explained;
  const killedWorkers = losses.filter(({ how }) => how === 'in hands').length;
  assert.ok(unexplained <= kernelDrops, `${what}: nothing is missing without a reason: ${JSON.stringify(explained)}`);
  assert.ok(inHands <= killedWorkers * READ_AT_ONCE + kernelDrops, `${what}: ${JSON.stringify(explained)}`);
}

function tally(kills: readonly Kill[]): Partial<Record<Victim, number>> {
  const counts: Partial<Record<Victim, number>> = {};
  for (const { victim } of kills) counts[victim] = (counts[victim] ?? 0) + 1;
  return counts;
}

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { connect, disconnect } from '../../storage/database/database.ts';
import { ChaosCollector } from '../support/chaos/chaos-collector.ts';
import { explainLosses, READ_AT_ONCE } from '../support/chaos/explain-losses.ts';
import { ACKNOWLEDGED } from '../support/chaos/load-record.ts';
import { NumberedLoad } from '../support/chaos/numbered-load.ts';
import { type Absence, SocketWatch } from '../support/chaos/socket-watch.ts';
import {
  type Missing,
  missingDatagrams,
  missingMessages,
  storedInforms,
  storedMessages,
} from '../support/chaos/stored-numbers.ts';
import { chooseVictims, pidsOf, type Victim } from '../support/chaos/victims.ts';
import { eventually } from '../support/processes.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 12);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const MOST_BETWEEN_MS = 1500;
const TEMPLATES_EVERY_MS = 500;
/** Workers listen for two seconds more; a keeper that is started at once wants their ports after about a second. */
const NOTICED_AFTER_MS = 1500;
/** Datagrams that are missing so close together have one cause; what was killed so long before or after may be it. */
const STRETCH_GAP_MS = 250;
const STRETCH_KILLS_MS = 5000;
const SHOWN_NUMBERS = 20;

/** What was killed, and when; until when the test was busy with it: of the keeper, until the next one was ready. Milliseconds since 1970. */
interface Kill {
  readonly victim: Victim;
  readonly askedAtMs: number;
  readonly atMs: number;
  readonly backAtMs: number;
}

/** What a round works with. */
interface Rig {
  readonly collector: ChaosCollector;
  readonly load: NumberedLoad;
  readonly watches: readonly SocketWatch[];
}

test(`${ROUNDS} times, any process is killed under load, and what was accepted is stored once`, async (t) => {
  t.diagnostic(`seed ${SEED} (CHAOS_SEED)`);
  const below = randomNumbers(SEED);
  const collector = await ChaosCollector.start();
  t.after(() => collector.end());
  const watches = { flow: new SocketWatch(collector.ports.flow), syslog: new SocketWatch(collector.ports.syslog) };
  for (const watch of Object.values(watches)) watch.start();
  t.after(() => stopAll(watches));
  const load = NumberedLoad.start(collector.ports);
  t.after(() => load.kill());

  const kills: Kill[] = [];
  for (const victim of chooseVictims(ROUNDS, below)) {
    await pause(below(MOST_BETWEEN_MS));
    kills.push(await killOne({ collector, load, watches: Object.values(watches) }, victim, below));
  }

  const sent = await load.stop();
  await stopAll(watches);
  await eventually('all that was accepted is written', () => collector.isDrained(), 120_000);
  await collector.stop();
  const left = (await collector.journalFolders()).filter(({ files }) => files.length > 0);
  assert.deepEqual(left, [], 'nothing is left in a journal');

  t.diagnostic(`killed: ${describeKills(kills)}; the generator's kernel refused ${sent.sendErrors}`);
  for (const line of describeAbsences(kills, watches.flow.absences)) t.diagnostic(line);
  t.diagnostic(describeWaits(watches.flow.waits));
  const client = await connect(collector.postgres.address);
  t.after(() => disconnect(client));
  const deaths = [
    ...kills.filter(({ victim }) => victim === 'worker').map(({ atMs }) => atMs),
    ...collector.workersKilledByKeepers,
  ];
  const missing = await missingDatagrams(client, sent);
  for (const line of describeStretches(missing, kills)) t.diagnostic(line);
  const flows = explainLosses(missing, watches.flow, deaths);
  const syslog = explainLosses(await missingMessages(client, sent), watches.syslog, deaths);
  const datagrams = sent.flows.reduce((sum, { from }) => sum + from.length, 0);
  t.diagnostic(`flows: ${datagrams} sent; missing: ${JSON.stringify(flows)}`);
  t.diagnostic(`syslog over UDP: ${sent.syslog.from.length} sent; missing: ${JSON.stringify(syslog)}`);
  compareAnswers(t, 'RELP', sent.relp, await storedMessages(client, 'relp', sent.relp.length));
  compareAnswers(t, 'informs', sent.informs, await storedInforms(client, sent.informs.length));
  assert.equal(flows.unexplained, 0, 'no datagram of flows is missing without a reason that was seen');
  assert.equal(syslog.unexplained, 0, 'no message over UDP is missing without a reason that was seen');
  assert.ok(!sent.informs.includes(0), 'every inform is answered in the end');
  const overlaps = Object.values(watches).map((watch) => watch.overlaps);
  assert.deepEqual(overlaps, [0, 0], 'workers of two keepers never have the same port');
});

async function stopAll(watches: Readonly<Record<string, SocketWatch>>): Promise<void> {
  await Promise.all(Object.values(watches).map((watch) => watch.stop()));
}

async function killOne(
  { collector, load, watches }: Rig,
  victim: Victim,
  below: (bound: number) => number,
): Promise<Kill> {
  const askedAtMs = Date.now();
  if (victim === 'keeper') {
    // Every other time its workers are slow to notice: the next keeper finds them at its ports.
    const slow = below(2) === 0 ? [] : await candidates(collector, 'worker');
    for (const pid of slow) kill(pid, 'SIGSTOP');
    await collector.process.killKeeper();
    for (const watch of watches) watch.leave();
    setTimeout(() => slow.forEach((pid) => kill(pid, 'SIGCONT')), NOTICED_AFTER_MS);
    // Templates are the workers' and the keeper's memory. An exporter says them now and then; ours, when it may be needed.
    const saying = setInterval(() => load.sendTemplates(), TEMPLATES_EVERY_MS);
    await collector.startAgain().finally(() => clearInterval(saying));
    load.sendTemplates();
    return { victim, askedAtMs, atMs: askedAtMs, backAtMs: Date.now() };
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
  return { victim, askedAtMs, atMs: Date.now(), backAtMs: Date.now() };
}

/** @returns false where it has ended meanwhile, or there is none */
function kill(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, signal);
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

function compareAnswers(t: TestContext, what: string, answers: Uint8Array, stored: Uint8Array): void {
  const numbers = [...answers.keys()];
  const acknowledged = numbers.filter((number) => answers[number] === ACKNOWLEDGED);
  const lost = acknowledged.filter((number) => stored[number] === 0);
  const twice = numbers.filter((number) => (stored[number] ?? 0) > 1);
  const unanswered = answers.length - acknowledged.length;
  t.diagnostic(
    `${what}: ${answers.length} sent, ${unanswered} without an answer, ${lost.length} lost, ${twice.length} twice`,
  );
  const some = { lost: lost.slice(0, SHOWN_NUMBERS), twice: twice.slice(0, SHOWN_NUMBERS) };
  assert.deepEqual(some, { lost: [], twice: [] }, what);
}

/** How long nobody listened after each end of a keeper. */
function describeAbsences(kills: readonly Kill[], absences: readonly Absence[]): string[] {
  return absences.map(({ fromMs, untilMs }) => {
    const kill = kills.findLast(({ victim, atMs }) => victim === 'keeper' && atMs <= untilMs);
    if (kill === undefined) return `nobody listened for ${untilMs - fromMs} ms, though no keeper was killed`;
    return `keeper killed: its workers listened for ${fromMs - kill.atMs} ms, nobody until ${untilMs - kill.atMs} ms, ready after ${kill.backAtMs - kill.atMs} ms`;
  });
}

/** How long a socket had something that nobody read: who read it was away, or starved. */
function describeWaits(waits: readonly Absence[]): string {
  const lengths = waits.map(({ fromMs, untilMs }) => untilMs - fromMs).toSorted((one, other) => one - other);
  return `sockets were not read for more than a moment ${lengths.length} times; half of them for ${lengths[lengths.length >> 1]} ms or less, one for ${lengths.at(-1)} ms`;
}

/** Where datagrams are missing by the hundred: when they were sent, and what had been killed around then. */
function describeStretches(missing: readonly Missing[], kills: readonly Kill[]): string[] {
  const stretches: number[][] = [];
  for (const { fromMs: atMs } of missing.toSorted((one, other) => one.fromMs - other.fromMs)) {
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

/** How often each was killed, and for how long that kept the test, on average. */
function describeKills(kills: readonly Kill[]): string {
  const byVictim = Map.groupBy(kills, ({ victim }) => victim);
  return Array.from(byVictim, ([victim, all]) => {
    const ms = all.reduce((sum, { askedAtMs, backAtMs }) => sum + backAtMs - askedAtMs, 0) / all.length;
    return `${victim} ${all.length} times (${Math.round(ms)} ms)`;
  }).join(', ');
}

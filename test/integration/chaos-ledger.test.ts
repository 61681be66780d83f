import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { askLosses, type LossFamily } from '../../src/query/losses.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { ChaosCollector } from '../support/chaos/chaos-collector.ts';
import { READ_AT_ONCE } from '../support/chaos/explain-losses.ts';
import { ACKNOWLEDGED } from '../support/chaos/load-record.ts';
import { NumberedLoad } from '../support/chaos/numbered-load.ts';
import { numberedTrap, RELP_WINDOW } from '../support/chaos/numbered-messages.ts';
import { pidsOf } from '../support/chaos/victims.ts';
import { eventually } from '../support/processes.ts';

// What the ledger of losses says of messages and traps when workers are killed under load. They bear no sequence numbers: it is compared
// with what the generator knows that it sent, and with what is stored.

const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;
const KILLS = 8;
const TRAPS_A_TICK = 2;
const TICK_MS = 5;
/** Beyond the numbers of the informs. */
const FIRST_TRAP = 1_000_000;

interface Ledger {
  readonly datagrams: number;
  readonly rows: number;
}

test(
  'messages and traps that came are in the ledger, however often workers are killed under load',
  { skip: ONLY_LONG },
  async (t) => {
    const collector = await ChaosCollector.start();
    t.after(() => collector.end());
    const load = NumberedLoad.start(collector.ports);
    t.after(() => load.kill());
    const traps = await startTraps(t, collector.ports.snmp);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pause(500 + 100 * kill);
      await killWorker(collector, kill);
    }
    const sent = await load.stop();
    const trapsSent = traps.stop();
    await eventually('all that was accepted is written', () => collector.isDrained(), 60_000);
    await collector.stop();

    const client = await connect(collector.postgres.address);
    t.after(() => disconnect(client));
    const syslog = await ledgerOf(client, 'syslog');
    const snmp = await ledgerOf(client, 'snmp');
    const messages = { udp: await count(client, `syslog_messages WHERE app_name = 'udp'`) };
    const stored = {
      syslog: await count(client, 'syslog_messages'),
      traps: await count(client, `snmp_traps WHERE pdu = 't'`),
      informs: await count(client, `snmp_traps WHERE pdu = 'i'`),
    };
    const facts = { syslog, snmp, messages, stored, trapsSent, informsSent: sent.informs.length };
    t.diagnostic(JSON.stringify({ ...facts, udpSent: sent.syslog.from.length, relpSent: sent.relp.length }));

    // What a killed worker had read in its last turn is neither stored nor counted; what is stored is counted.
    const inHands = KILLS * READ_AT_ONCE;
    const inStreams = KILLS * RELP_WINDOW;
    const acknowledged = sent.relp.filter((answer) => answer === ACKNOWLEDGED).length;
    const mostMessages = sent.syslog.from.length + sent.relp.length;
    assert.equal(syslog.rows, stored.syslog, 'rows of syslog');
    assertWithin(
      syslog.datagrams,
      sent.syslog.from.length + acknowledged - inHands - inStreams,
      mostMessages,
      'messages',
    );
    assertWithin(
      messages.udp,
      sent.syslog.from.length - inHands,
      sent.syslog.from.length,
      'messages over UDP that are stored',
    );
    assert.equal(snmp.rows, stored.traps + stored.informs, 'rows of SNMP');
    assertWithin(stored.traps, trapsSent - inHands, trapsSent, 'traps that are stored');
    assert.equal(stored.informs, sent.informs.length, 'informs are sent until they are answered, and stored once');
    assert.ok(snmp.datagrams >= trapsSent + sent.informs.length - inHands, `${snmp.datagrams} datagrams of SNMP`);
  },
);

async function startTraps(t: TestContext, port: number): Promise<{ stop(): number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let sent = 0;
  const ticks = setInterval(() => {
    for (const end = sent + TRAPS_A_TICK; sent < end; sent += 1) {
      socket.send(numberedTrap(FIRST_TRAP + sent), port, '127.0.0.1');
    }
  }, TICK_MS);
  t.after(() => {
    clearInterval(ticks);
    socket.close();
  });
  return {
    stop() {
      clearInterval(ticks);
      return sent;
    },
  };
}

async function killWorker(collector: ChaosCollector, choice: number): Promise<void> {
  const running = async (): Promise<number[]> => {
    const status = await collector.status();
    return status === undefined ? [] : pidsOf(status, 'worker');
  };
  await eventually('both workers run', async () => (await running()).length === 2);
  const killed = (await running())[choice % 2] ?? 0;
  process.kill(killed, 'SIGKILL');
  await eventually('another has its place', async () => {
    const pids = await running();
    return pids.length === 2 && !pids.includes(killed);
  });
}

async function ledgerOf(client: DatabaseClient, family: LossFamily): Promise<Ledger> {
  const range = { from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 60_000) };
  const lines = await askLosses(client, { range, senders: [], family, by: 'sender' });
  const sum = (field: keyof Ledger): number => lines.reduce((total, line) => total + line[field], 0);
  return { datagrams: sum('datagrams'), rows: sum('rows') };
}

async function count(client: DatabaseClient, from: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${from}`);
  return rows[0]?.count ?? 0;
}

function assertWithin(value: number, least: number, most: number, what: string): void {
  assert.ok(value >= least && value <= most, `${what}: ${value}, not from ${least} to ${most}`);
}

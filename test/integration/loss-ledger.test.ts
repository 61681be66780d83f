import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { askLosses, type LossLine } from '../../src/query/losses.ts';
import { createLoad, type Load, type LoadProtocol } from '../../src/traffic/load.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { ChaosCollector } from '../support/chaos/chaos-collector.ts';
import { eventually } from '../support/processes.ts';

// The ledger of losses when workers, and the keeper, are killed under load: compared with what the generator knows that it sent.

/** libuv reads at most so many datagrams of a socket before anything else gets its turn (uv__udp_recvmsg). */
const READ_AT_ONCE = 32;
const RECORDS = 10;
const TICK_MS = 5;
const DATAGRAMS_A_TICK = 2;

interface Deaths {
  readonly kills: number;
  /** Datagrams of one exporter that the ledger may have too many or too few. */
  readonly strayEach: number;
}

/** Exporters of one protocol behind one address, which count what they send. */
class CountingExporters {
  readonly address: string;
  /** In the unit of the protocol's sequence numbers. */
  sent = 0;
  datagrams = 0;
  readonly protocol: LoadProtocol;
  readonly #load: Load;
  readonly #socket: Socket = createSocket('udp4');

  constructor(protocol: LoadProtocol, address: string) {
    this.protocol = protocol;
    this.address = address;
    this.#load = createLoad({ protocol, exporters: 1, seed: 5, recordsPerDatagram: RECORDS, startMs: Date.now() });
  }

  async open(): Promise<void> {
    this.#socket.bind(0, this.address);
    await once(this.#socket, 'listening');
  }

  send(port: number): void {
    for (const exporter of this.#load.exporters) {
      const { bytes, records, optionRecords } = exporter.next(Date.now());
      // RFC 7011 section 3.1 counts data records, those of options among them; NetFlow v9 counts datagrams, v5 flows.
      if (this.protocol === 'ipfix') this.sent += records + optionRecords;
      else this.sent += this.protocol === 'v9' ? 1 : records;
      this.datagrams += 1;
      this.#socket.send(bytes, port, '127.0.0.1');
    }
  }

  close(): void {
    this.#socket.close();
  }
}

test('sent is received and lost, and rows are stored, however often workers are killed under load', async (t) => {
  const { collector, exporters, stopLoad } = await underLoad(t);
  let kills = 0;
  for (; kills < 6; kills += 1) {
    await pause(500 + 100 * kills);
    await killWorker(collector, `worker ${1 + (kills % 2)}`);
  }
  await pause(500);
  await stopLoad();
  const lines = await checkLedger(t, collector, exporters, { kills, strayEach: kills });
  // The sockets outlive the workers.
  const lost = lines.reduce((sum, line) => sum + line.lost, 0);
  assert.ok(lost <= kills * READ_AT_ONCE * RECORDS, `${lost} lost`);
  const waiting = lines.filter(({ held, heldDecoded }) => held !== heldDecoded);
  assert.deepEqual(waiting, [], 'the keeper tells each successor the templates: nothing waits for one');
});

test('what nobody heard while the keeper was away is lost, and said to be', async (t) => {
  const { collector, exporters, stopLoad } = await underLoad(t);
  await pause(1000);
  await collector.process.kill();
  await pause(500);
  await collector.startAgain();
  await pause(1000);
  await stopLoad();
  // The worker that ends last hears the senders of the other for a moment: what it stores of them is lost to who goes on.
  const lines = await checkLedger(t, collector, exporters, { kills: 1, strayEach: READ_AT_ONCE });
  assert.ok(
    lines.every(({ lost, datagrams }) => lost > 0 && datagrams > 0),
    'each has a gap',
  );
});

async function underLoad(t: TestContext) {
  const collector = await ChaosCollector.start();
  t.after(() => collector.end());
  const exporters = await startExporters();
  const ticks = setInterval(() => sendAll(exporters, collector.ports.flow, DATAGRAMS_A_TICK), TICK_MS);
  t.after(() => {
    clearInterval(ticks);
    for (const each of exporters) each.close();
  });
  const stopLoad = async (): Promise<void> => {
    clearInterval(ticks);
    await pause(200);
    // A gap shows when something comes behind it.
    sendAll(exporters, collector.ports.flow, 1);
  };
  return { collector, exporters, stopLoad };
}

async function startExporters(): Promise<CountingExporters[]> {
  const protocols = ['v5', 'v9', 'ipfix'] as const;
  const exporters = protocols.flatMap((protocol, index) =>
    [1, 2].map((which) => new CountingExporters(protocol, `127.0.${which}.${20 + index}`)),
  );
  await Promise.all(exporters.map((each) => each.open()));
  return exporters;
}

function sendAll(exporters: readonly CountingExporters[], port: number, datagrams: number): void {
  for (const exporter of exporters) for (let count = 0; count < datagrams; count += 1) exporter.send(port);
}

async function killWorker(collector: ChaosCollector, worker: string): Promise<void> {
  const runningPid = async (): Promise<number | undefined> => {
    const status = await collector.status();
    return status?.processes.find(({ name, state }) => name === worker && state === 'running')?.pid;
  };
  let killed: number | undefined;
  await eventually(`${worker} runs`, async () => (killed = await runningPid()) !== undefined);
  process.kill(killed ?? 0, 'SIGKILL');
  await eventually('another has its place', async () => {
    const pid = await runningPid();
    return pid !== undefined && pid !== killed;
  });
}

async function checkLedger(
  t: TestContext,
  collector: ChaosCollector,
  exporters: readonly CountingExporters[],
  deaths: Deaths,
): Promise<LossLine[]> {
  await eventually('the journal is empty', async () => (await collector.status())?.journal.rows === 0);
  await collector.process.stop();
  const client = await connect(collector.postgres.address);
  try {
    return await compare(t, client, exporters, deaths);
  } finally {
    await disconnect(client);
  }
}

async function compare(
  t: TestContext,
  client: DatabaseClient,
  exporters: readonly CountingExporters[],
  { kills, strayEach }: Deaths,
): Promise<LossLine[]> {
  const range = { from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 60_000) };
  const lines = await askLosses(client, { range, senders: [], family: 'flow', by: 'sender' });
  const { rows: counted } = await client.query<{ exporter: string; stored: number }>(
    'SELECT host(exporter) AS exporter, count(*)::int AS stored FROM flows GROUP BY 1',
  );
  let [strayDatagrams, strayRows] = [0, 0];
  for (const { address, protocol, sent, datagrams } of exporters) {
    const line = lines.find(({ key }) => key === address);
    const stored = counted.find(({ exporter }) => exporter === address)?.stored ?? 0;
    assert.ok(line, address);
    const unit = protocol === 'v9' ? 1 : RECORDS;
    const facts = { protocol, datagrams, sent, told: line, stored };
    const stray = Math.abs((line.sent ?? 0) - sent) / unit;
    strayDatagrams += stray;
    strayRows += Math.abs(line.rows - stored);
    assert.ok(stray <= strayEach, JSON.stringify(facts));
    // What was lost between data of IPFIX that wait is known when they are decoded, and not before.
    const told = line.datagrams + line.lost / unit;
    const isKnown = protocol !== 'ipfix' || line.held === line.heldDecoded;
    assert.ok(!isKnown || told >= datagrams - kills * READ_AT_ONCE, JSON.stringify(facts));
  }
  t.diagnostic(`${kills} kills: ${strayDatagrams} datagrams and ${strayRows} rows are not accounted for`);
  assert.ok(strayDatagrams <= kills * READ_AT_ONCE, `${strayDatagrams} datagrams are not accounted for`);
  assert.ok(strayRows <= kills * READ_AT_ONCE * RECORDS, `${strayRows} rows are not in the ledger, or not stored`);
  return lines;
}

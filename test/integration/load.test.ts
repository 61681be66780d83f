import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoad, LOAD_PROTOCOLS, type LoadProtocol } from '../../src/traffic/load.ts';
import { sendLoad } from '../../src/traffic/send-load.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const EXPORTERS = 7;
const SAMPLING_RATE = 500;
const PROTOCOL_NAMES: Record<LoadProtocol, string> = {
  v5: 'netflow5',
  v9: 'netflow9',
  ipfix: 'ipfix',
  sflow: 'sflow5',
};

test('what was sent in every protocol is in the database when the collector has stopped, to the record and the byte', async () => {
  const folder = await temporaryDirectory();
  const database = await startTestDatabase();
  const collector = await CollectorProcess.start({ folder, databaseUrl: database.connectionString });
  const sent = new Map<string, { datagrams: number; records: number; octets: number; packets: number }>();
  for (const protocol of LOAD_PROTOCOLS) {
    const load = createLoad({ protocol, exporters: EXPORTERS, samplingRate: SAMPLING_RATE });
    const report = await sendLoad(load, {
      target: { address: '127.0.0.1', port: collector.flowPort, family: 4 },
      recordsPerSecond: 10_000,
      durationMs: 500,
    });
    assert.deepEqual(report.errors, {});
    sent.set(PROTOCOL_NAMES[protocol], report.totals);
  }
  await collector.stop();

  const client = await connect(database.address);
  const all = [...sent.values()];
  assert.deepEqual(await sumFlows(client), {
    rows: all.reduce((sum, { records }) => sum + records, 0),
    bytes: all.reduce((sum, { octets }) => sum + octets, 0),
    packets: all.reduce((sum, { packets }) => sum + packets, 0),
    unsampled: 0,
  });
  for (const [protocol, { datagrams }] of sent) {
    assert.deepEqual(
      await sumExporters(client, protocol),
      { exporters: EXPORTERS, datagrams, lost: 0, undecodable: 0 },
      protocol,
    );
  }
  await disconnect(client);
});

async function sumFlows(client: DatabaseClient): Promise<Record<string, number>> {
  return sumsOf(
    client,
    `SELECT count(*) AS rows, sum(bytes) AS bytes, sum(packets) AS packets,
            count(*) FILTER (WHERE sampling_rate IS DISTINCT FROM $1) AS unsampled
     FROM flows`,
    SAMPLING_RATE,
  );
}

async function sumExporters(client: DatabaseClient, protocol: string): Promise<Record<string, number>> {
  return sumsOf(
    client,
    `SELECT count(*) AS exporters, sum(datagrams) AS datagrams, sum(lost) AS lost, sum(undecodable) AS undecodable
     FROM exporters WHERE protocol = $1`,
    protocol,
  );
}

/** One row of sums. PostgreSQL gives them as text. */
async function sumsOf(
  client: DatabaseClient,
  sql: string,
  parameter: string | number,
): Promise<Record<string, number>> {
  const { rows } = await client.query<Record<string, string>>(sql, [parameter]);
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, text]) => [name, Number(text)]));
}

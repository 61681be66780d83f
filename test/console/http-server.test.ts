import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { exposeCollector } from '../../src/collector/metrics/collector-metrics.ts';
import { HttpServer, type StatusSource } from '../../src/console/http-server.ts';
import type { CollectorStatus } from '../../src/console/status.ts';
import { Metrics } from '../../src/runtime/metrics.ts';
import { datagramListeners } from '../../src/console/status.ts';
import { exampleStatus } from '../support/example-status.ts';

function sourceOf(status: () => CollectorStatus): StatusSource {
  return { status: () => Promise.resolve(status()), refresh: () => Promise.resolve() };
}

/** A running server that tells `status`. @returns its URL */
async function serve(t: TestContext, status: () => CollectorStatus): Promise<string> {
  const metrics = new Metrics();
  exposeCollector(metrics, status, () => []);
  const server = new HttpServer({ address: '127.0.0.1', port: 0 }, metrics, sourceOf(status));
  await server.start();
  t.after(() => server.stop());
  const url = server.url();
  assert.ok(url);
  return url;
}

test('a collector that stores is ready, one that cannot says why with 503', async (t) => {
  let status = exampleStatus();
  const url = await serve(t, () => status);
  const ready = await fetch(`${url}/readyz`);
  assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready', reasons: [] }]);
  status = { ...status, ready: false, reasons: ['the database does not take batches; the journal does'] };
  const unready = await fetch(`${url}/readyz`);
  assert.equal(unready.status, 503);
  assert.deepEqual(await unready.json(), { status: 'not ready', reasons: status.reasons });
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('the status is given out as it is', async (t) => {
  const url = await serve(t, exampleStatus);
  assert.deepEqual(await (await fetch(`${url}/api/status`)).json(), JSON.parse(JSON.stringify(exampleStatus())));
});

test('metrics are the numbers of the status, in the text format of Prometheus', async (t) => {
  const status = exampleStatus();
  const url = await serve(t, () => status);
  const response = await fetch(`${url}/metrics`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
  const lines = (await response.text()).split('\n');
  const { journal, flow } = status;
  const [listener] = datagramListeners(status);
  for (const expected of [
    `dogwatch_journal_batches ${journal.batches}`,
    `dogwatch_flow_records_total ${flow.records}`,
    `dogwatch_listener_datagrams_total{family="flow",transport="udp",address="::",port="2055"} ${listener?.datagrams}`,
    'dogwatch_ready 1',
  ]) {
    assert.ok(lines.includes(expected), `${expected} in\n${lines.join('\n')}`);
  }
});

test('a port that is taken is refused with the setting that changes it', async (t) => {
  const url = await serve(t, exampleStatus);
  const second = new HttpServer(
    { address: '127.0.0.1', port: Number(new URL(url).port) },
    new Metrics(),
    sourceOf(exampleStatus),
  );
  t.after(() => second.stop());
  await assert.rejects(second.start(), { code: 'LISTEN_FAILED', remedy: /http\.port/ });
});

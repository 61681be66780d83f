import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { exposeCollector } from '../../src/collector/metrics/collector-metrics.ts';
import { Metrics } from '../../src/runtime/metrics.ts';
import { exampleStatus } from '../support/example-status.ts';

const DOCUMENT = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** Name and type of each metric that a scrape shows. */
async function exposed(): Promise<string[]> {
  const metrics = new Metrics();
  exposeCollector(
    metrics,
    () => exampleStatus(),
    () => [],
  );
  const { body } = await metrics.exposition();
  return [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`).sort();
}

test('docs/operations.md lists the metrics that a scrape shows, each with its type, and no others', async () => {
  const listed = [...DOCUMENT.matchAll(/^\| `(dogwatch_\w+)` \| (\w+) \|/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  assert.deepEqual(listed.sort(), await exposed());
});

test('the alerts and tables of docs/operations.md speak of metrics that there are', async () => {
  const known = new Set((await exposed()).map((line) => line.split(' ')[0]));
  const mentioned = [...DOCUMENT.matchAll(/\bdogwatch_[a-z_]+\b/g)].map(([name]) => name);
  assert.deepEqual(
    [...new Set(mentioned)].filter((name) => !known.has(name)),
    [],
  );
});

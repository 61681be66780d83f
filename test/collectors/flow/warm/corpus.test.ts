import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPcap } from '../../../../src/traffic/pcap.ts';
import { withoutTemplates } from '../../../support/flow-datagrams.ts';
import { startDecoding } from '../../../support/flow-decoding.ts';

/** Captures of real exporters, collected from the test suites of other projects; not part of this repository. */
const CORPUS = fileURLToPath(new URL('../../../../../shared/corpus/flows/', import.meta.url));

const captures = existsSync(CORPUS) ? globSync('**/*.pcap', { cwd: CORPUS }).sort() : [];
if (captures.length === 0) test('real exporters', { skip: 'the corpus is not here' }, () => {});

for (const name of captures) {
  test(`${name}: a decoder that is told of templates, and hears none, makes the same rows`, () => {
    const heard = startDecoding();
    const follows = startDecoding();
    heard.decoder.onWarmChange = (entry) => {
      if (entry.kind !== 'flow.held') follows.decoder.restoreWarm(structuredClone(entry));
    };
    for (const each of readPcap(readFileSync(`${CORPUS}${name}`))) {
      const { sourceAddress, sourcePort, destinationPort, timeMicros } = each;
      const from = { address: sourceAddress, port: sourcePort, localPort: destinationPort, atMicros: timeMicros };
      const bytes = Buffer.from(each.payload);
      heard.feed(bytes, from);
      follows.feed(withoutTemplates(bytes), from);
    }
    assert.equal(follows.decoder.totals.templates + follows.decoder.totals.optionTemplates, 0);
    assert.deepEqual(rowsOf(follows), rowsOf(heard));
  });
}

/** In an order of their own: what waited for its template comes out at another moment. */
function rowsOf({ sinks }: ReturnType<typeof startDecoding>): string[] {
  const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return sinks.flows
    .read()
    .map((row) => JSON.stringify(row, plain))
    .sort();
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WarmEntry } from '../../../../collectors/warm-state.ts';
import {
  ipfix,
  longs,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  template,
} from '../../../support/flow-datagrams.ts';
import { ARRIVAL_MICROS, startDecoding } from '../../../support/flow-decoding.ts';
import { randomNumbers } from '../../../support/random-numbers.ts';
import { describeEntries, ToldEntries } from '../../../support/warm-entries.ts';

type Random = (bound: number) => number;

const SECOND = 1_000_000;

/** A set of whatever kind: templates, option templates, withdrawals, data and option data, sometimes with a wrong byte. */
function anySet(random: Random, v9: boolean): Buffer {
  const id = 256 + random(6);
  const optionsId = 300 + random(2);
  const field = [1 + random(2), 4] as const;
  const made = [
    () => set(v9 ? 0 : 2, [template(id, random(3) === 0 ? [field, field] : [field])]),
    () =>
      v9
        ? set(1, [optionsTemplate9(optionsId, [[2, 4]], [[34, 4]])])
        : set(3, [
            optionsTemplate(optionsId, 1, [
              [10, 4],
              [34, 4],
            ]),
          ]),
    () => set(v9 ? 0 : 2, [template(id, [])]), // withdrawn in IPFIX, bad in NetFlow v9
    () => set(2, [template(2, [])]), // all of IPFIX
    () => set(id, [longs(random(1000))]),
    () => set(optionsId, [longs(random(3), 1 + random(4))]),
  ];
  const bytes = made[random(made.length)]?.() ?? Buffer.alloc(0);
  if (random(15) === 0) bytes[4 + random(bytes.length - 4)] = random(256);
  return bytes;
}

function anyDatagram(random: Random): Buffer {
  const v9 = random(2) === 0;
  const sets = Array.from({ length: 1 + random(3) }, () => anySet(random, v9));
  const header = { sequence: random(1000), domain: random(2) };
  return v9 ? netflow9(header, ...sets) : ipfix(header, ...sets);
}

const SMALL = {
  maxExporters: 6,
  maxTemplatesPerExporter: 8,
  maxTemplateFields: 40,
  heldBytesPerExporter: 4000,
  heldBytes: 10_000,
};

for (const [name, options] of [
  ['without a limit in sight', {}],
  ['at every limit', { ...SMALL, heldMaxAgeSeconds: 30, exporterIdleSeconds: 60 }],
] as const) {
  test(`whatever exporters send, what was told is what is known: ${name}`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = randomNumbers(seed);
      const { feed, decoder } = startDecoding(options);
      const told = new ToldEntries().listenTo(decoder);
      for (let step = 0; step < 1500; step++) {
        const atMicros = ARRIVAL_MICROS + step * SECOND;
        const from = { address: `192.0.2.${random(4)}`, port: 40_000 + random(3), atMicros };
        feed(anyDatagram(random), from);
        if (step % 20 === 0) decoder.sweep(atMicros);
        if (step % 50 === 0) assert.deepEqual(describeEntries(told.all), describeEntries(decoder.warmEntries()));
      }
      assert.ok(told.log.length > 500);
    }
  });
}

test('a decoder that is told everything knows what the one that heard it knows', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = randomNumbers(seed);
    const heard = startDecoding();
    const follows = startDecoding();
    // Held data has one owner; what else there is belongs to all.
    heard.decoder.onWarmChange = (entry) => {
      if (entry.kind !== 'flow.held') follows.decoder.restoreWarm(structuredClone(entry));
    };
    for (let step = 0; step < 1500; step++) {
      heard.feed(anyDatagram(random), { address: `192.0.2.${random(4)}`, port: 40_000 + random(3) });
      if (step % 100 === 0)
        assert.deepEqual(withoutHeld(follows.decoder.warmEntries()), withoutHeld(heard.decoder.warmEntries()));
    }
  }
});

function withoutHeld(entries: Iterable<WarmEntry>): string[] {
  return describeEntries(entries).filter((line) => !line.startsWith('flow.held'));
}

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningPair } from '../lab/running-pair.ts';
import type { Outcome } from '../lab/traffic/compare.ts';
import type { Kind } from '../lab/traffic/numbered-datagrams.ts';

/** So that there is a batch before the fault, and templates are known. */
const BEFORE_MS = 1500;
const AFTER_MS = 1000;

/**
 * Runs `fault` while an exporter of each kind sends, one second longer, and waits until no more rows come.
 * Exporters send their templates once, before all else.
 * @returns what became of what each sent
 */
export async function withTraffic(
  pair: RunningPair,
  kinds: readonly Kind[],
  fault: () => Promise<void>,
  perSecond = 500,
): Promise<Outcome[]> {
  const exporters = await Promise.all(kinds.map((kind) => pair.lab.startExporter({ kind, perSecond })));
  try {
    await pause(BEFORE_MS);
    await fault();
    await pause(AFTER_MS);
  } finally {
    await Promise.all(exporters.map((exporter) => exporter.stop()));
  }
  await pair.isWritten();
  return Promise.all(exporters.map((exporter) => pair.lab.settle(exporter)));
}

/** Every datagram that was sent is stored, once. */
export function assertNothingLost(outcomes: readonly Outcome[]): void {
  const found = outcomes.map(({ missing, double, unknown }) => ({ missing, double, unknown }));
  assert.deepEqual(
    found,
    outcomes.map(() => ({ missing: 0, double: 0, unknown: 0 })),
  );
}

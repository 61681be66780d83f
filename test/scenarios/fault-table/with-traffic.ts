import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
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
  lab: Lab,
  kinds: readonly Kind[],
  fault: () => Promise<void>,
  perSecond = 500,
): Promise<Outcome[]> {
  const exporters = await Promise.all(kinds.map((kind) => lab.startExporter({ kind, perSecond })));
  try {
    await pause(BEFORE_MS);
    await fault();
    await pause(AFTER_MS);
  } finally {
    await Promise.all(exporters.map((exporter) => exporter.stop()));
  }
  return Promise.all(exporters.map((exporter) => lab.settle(exporter)));
}

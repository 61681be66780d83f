import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningPair } from '../lab/running-pair.ts';
import type { Outcome } from '../lab/traffic/compare.ts';
import type { Kind } from '../lab/traffic/numbered-datagrams.ts';

/** What became of what one exporter sent, and how long the fault took with all that was waited for. */
export interface FaultOutcome extends Outcome {
  readonly faultMs: number;
}

/** So that there is a batch before the fault, and templates are known. */
const BEFORE_MS = 1500;
const AFTER_MS = 1000;
/** What a node that is busy may be behind with when it dies. */
const BEHIND_MS = 1000;
/** So many datagrams libuv reads from a socket in one turn of the event loop (`uv__udp_recvmsg` in src/unix/udp.c). */
const MOST_IN_A_TURN = 32;

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
): Promise<FaultOutcome[]> {
  const exporters = await Promise.all(kinds.map((kind) => pair.lab.startExporter({ kind, perSecond })));
  let faultMs = 0;
  try {
    await pause(BEFORE_MS);
    const beganMs = performance.now();
    await fault();
    faultMs = performance.now() - beganMs;
    await pause(AFTER_MS);
  } finally {
    await Promise.all(exporters.map((exporter) => exporter.stop()));
  }
  await pair.isWritten();
  return Promise.all(exporters.map(async (exporter) => ({ ...(await pair.lab.settle(exporter)), faultMs })));
}

/**
 * Each exporter has one gap, and it ends with the takeover: all is stored that was sent before the fault, and from when the fault was over,
 * by what the nodes say. How long that takes, `npm run bench -- failover` measures: here other tests share the machine.
 */
export function assertOneGap(outcomes: readonly FaultOutcome[]): void {
  for (const { double, unknown, gaps, longestGapMs, faultMs } of outcomes) {
    assert.deepEqual({ double, unknown, gaps: gaps.length }, { double: 0, unknown: 0, gaps: 1 });
    assertWithin(longestGapMs, faultMs);
  }
}

/** The same, where nothing may be missing as well. */
export function assertNoLongerGap(outcomes: readonly FaultOutcome[]): void {
  for (const { double, unknown, longestGapMs, faultMs } of outcomes) {
    assert.deepEqual({ double, unknown }, { double: 0, unknown: 0 });
    assertWithin(longestGapMs, faultMs);
  }
}

function assertWithin(gapMs: number, faultMs: number): void {
  const said = `a gap of ${gapMs} ms, and a fault of ${Math.round(faultMs)} ms`;
  assert.ok(gapMs <= faultMs + BEHIND_MS, said);
}

/** At most what a worker had read in the turn in which it was killed, and not yet written down. */
export function assertOneTurnLost(outcomes: readonly FaultOutcome[]): void {
  for (const { missing, double, unknown, gaps } of outcomes) {
    assert.deepEqual({ double, unknown }, { double: 0, unknown: 0 });
    assert.ok(gaps.length <= 1 && missing <= MOST_IN_A_TURN, `${missing} missing, in ${gaps.length} gaps`);
  }
}

/** Every datagram that was sent is stored, once. */
export function assertNothingLost(outcomes: readonly Outcome[]): void {
  const found = outcomes.map(({ missing, double, unknown }) => ({ missing, double, unknown }));
  assert.deepEqual(
    found,
    outcomes.map(() => ({ missing: 0, double: 0, unknown: 0 })),
  );
}

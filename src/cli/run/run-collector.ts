import type { CollectorStatus } from '../../console/status.ts';
import { messageOf } from '../../runtime/errors.ts';
import { withTimeout } from '../../runtime/lifecycle.ts';
import { EXIT } from '../exit-codes.ts';
import type { RunScreen } from './run-screen.ts';
import { onStopSignals, type StopSignal } from './stop-signals.ts';
import { ratesBetween, type StatusSample } from '../terminal/status-line.ts';

/** What is run: the collector that `src/main.ts` builds. */
export interface RunnableCollector {
  start(): Promise<void>;
  /** Writes what was accepted as far as the database lets it, then stops everything. */
  stop(): Promise<void>;
  /** Ends, without waiting, what would outlive this process. */
  abandon(): void;
  /** Also valid after `stop`. */
  status(): CollectorStatus | Promise<CollectorStatus>;
}

/** The longest that stopping may take; the journal keeps what is not written by then. */
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts a collector, shows how it fares and stops it at the first signal. A second signal ends the process at once.
 *
 *   starting ──started──▶ running ──signal──▶ stopping ──stopped, or 10 s──▶ done
 *      └──signal──▶ (as soon as it has started) ──▶ stopping
 *
 * @returns the exit code
 * @throws what `start` throws, after everything that it had started is stopped
 */
export async function runCollector(collector: RunnableCollector, screen: RunScreen): Promise<number> {
  const stop = Promise.withResolvers<StopSignal>();
  const restore = onStopSignals(stop.resolve, () => {
    collector.abandon();
    process.exit(EXIT.interrupted);
  });
  try {
    await collector.start();
    screen.started(await collector.status());
    const endSampling = sampleRegularly(collector, screen);
    const signal = await stop.promise;
    endSampling();
    return await stopCollector(collector, screen, signal);
  } finally {
    restore();
  }
}

function sampleRegularly(collector: RunnableCollector, screen: RunScreen): () => void {
  let before: StatusSample | undefined;
  const sample = async () => {
    const now = { atMs: performance.now(), status: await collector.status() };
    if (before !== undefined) screen.sample(now.status, ratesBetween(before, now));
    before = now;
  };
  const report = (error: unknown) =>
    screen.log(`${JSON.stringify({ level: 50, msg: `no status: ${messageOf(error)}` })}\n`);
  const timer = setInterval(() => void sample().catch(report), screen.intervalMs);
  void sample().catch(report);
  return () => clearInterval(timer);
}

async function stopCollector(collector: RunnableCollector, screen: RunScreen, signal: StopSignal): Promise<number> {
  const beganAtMs = performance.now();
  const before = await collector.status();
  screen.stopping(signal);
  const inTime = await withTimeout(collector.stop(), STOP_TIMEOUT_MS, 'stopping').then(
    () => true,
    (error: unknown) => {
      screen.log(`${JSON.stringify({ level: 50, msg: messageOf(error) })}\n`);
      collector.abandon();
      return false;
    },
  );
  const status = await collector.status();
  screen.stopped({
    seconds: (performance.now() - beganAtMs) / 1000,
    inTime,
    writtenRows: status.writer.rows - before.writer.rows,
    status,
  });
  return inTime ? EXIT.ok : EXIT.failure;
}

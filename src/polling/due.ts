import type { HeardDevice } from '../../storage/database/polled-names.ts';

export interface DuePolicy {
  /** How often a device is asked. */
  readonly intervalMs: number;
  /** How soon it is asked again when its flows name an interface that we do not know. */
  readonly soonestMs: number;
}

/** Why a device is asked now. */
export type DueReason = 'never asked' | 'interval' | 'unknown interface' | 'again after a failure';

const FIRST_BACK_OFF_MS = 60_000;
const MOST_DOUBLINGS = 10;

/**
 * Whether a device is to be asked now, and why.
 *
 *   never asked ─────────────▶ now
 *   last attempt succeeded ──▶ after the interval, or sooner (`soonest`) while its flows name an interface that we do not know
 *   last attempts failed ────▶ after 1, 2, 4, … minutes, at most the interval
 *
 * @param namesUnknown whether its newest flows name an interface that its last poll did not have
 */
export function dueReason(
  { attemptedAtMs, failures }: HeardDevice,
  namesUnknown: boolean,
  nowMs: number,
  { intervalMs, soonestMs }: DuePolicy,
): DueReason | undefined {
  if (attemptedAtMs === null) return 'never asked';
  const waitedMs = nowMs - attemptedAtMs;
  // The clock was put back: better once too often than not until it is as late again.
  if (waitedMs < 0 || waitedMs >= intervalMs) return failures > 0 ? 'again after a failure' : 'interval';
  if (failures > 0) return waitedMs >= backOffMs(failures) ? 'again after a failure' : undefined;
  return namesUnknown && waitedMs >= soonestMs ? 'unknown interface' : undefined;
}

function backOffMs(failures: number): number {
  return FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, MOST_DOUBLINGS);
}

import type { Config } from '../config/schema.ts';
import type { PairEvent } from '../pair/events/pair-event.ts';
import { quietUntil } from './quiet-time.ts';

/** What is to become of events that nobody was told of yet. */
export interface DeliveryPlan {
  /** Not to be told: of no wanted kind, or too old. */
  readonly dropped: readonly PairEvent[];
  /** To be told now, each by itself. */
  readonly single: readonly PairEvent[];
  /** To be told now, all together: what a quiet time held back. */
  readonly summary: readonly PairEvent[];
}

const DAY_MS = 86_400_000;
const GRAVE: ReadonlySet<string> = new Set(['takeover', 'alarm', 'gap']);

/** Told at once, also in a quiet time. */
function isGrave({ kind }: Pick<PairEvent, 'kind'>): boolean {
  return GRAVE.has(kind);
}

/** Whether the settings ask for it. */
function isWanted({ kind, details }: PairEvent, { events }: Pick<Config['notify'], 'events'>): boolean {
  if (kind === 'gap' && details['lost'] === undefined) return false;
  return events.some((each) => each === kind);
}

/**
 * Pure.
 * @param events in their order
 * @param nowMs milliseconds since the Unix epoch
 */
export function planDeliveries(events: readonly PairEvent[], notify: Config['notify'], nowMs: number): DeliveryPlan {
  const dropped: PairEvent[] = [];
  const single: PairEvent[] = [];
  const summary: PairEvent[] = [];
  const isQuiet = quietUntil(notify.quiet, nowMs) !== undefined;
  for (const event of events) {
    const atMs = Date.parse(event.at);
    const heldUntilMs = isGrave(event) ? undefined : quietUntil(notify.quiet, atMs);
    if (!isWanted(event, notify) || nowMs - (heldUntilMs ?? atMs) > DAY_MS) dropped.push(event);
    else if (isGrave(event)) single.push(event);
    else if (isQuiet || nowMs < (heldUntilMs ?? atMs)) continue;
    else if (heldUntilMs === undefined) single.push(event);
    else summary.push(event);
  }
  return summary.length === 1
    ? { dropped, single: [...single, ...summary], summary: [] }
    : { dropped, single, summary };
}

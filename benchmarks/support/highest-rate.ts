import type { BenchNode, Passage } from './bench-node.ts';
import { count, percent } from './statistics.ts';

/** Where to look for the highest rate that loses nothing. Records a second. */
export interface RateSearch {
  readonly first: number;
  /** More than a generator on one core can send. */
  readonly highest: number;
  readonly trials: number;
  readonly trialSeconds: number;
}

const SUSTAIN_ATTEMPTS = 4;
/** What may still wait for the database at the end of a rate that is sustained. */
const MAX_DRAIN_SECONDS = 2;

/** Halves the interval between a rate that passes and one that does not. */
export async function findHighestRate(node: BenchNode, search: RateSearch): Promise<number> {
  const { rate } = await highestThat(search, async (tried) => {
    await node.clear();
    const passage = await node.pass(tried, search.trialSeconds);
    progress(`trial at ${count(tried)}/s`, passage);
    return { passes: isSustained(passage), result: undefined };
  });
  if (rate === 0) throw new Error('no rate passes without loss');
  return rate;
}

/** The highest rate for which `passes`, with what it gave; 0 where none does. */
export async function highestThat<Result>(
  { first, highest, trials }: RateSearch,
  attempt: (rate: number) => Promise<{ passes: boolean; result: Result }>,
): Promise<{ rate: number; result: Result | undefined }> {
  let best: { rate: number; result: Result | undefined } = { rate: 0, result: undefined };
  let high = highest;
  let rate = first;
  for (let trial = 0; trial < trials; trial += 1) {
    const { passes, result } = await attempt(rate);
    if (passes) best = { rate, result };
    else high = rate;
    rate = (best.rate + high) / 2;
  }
  return best;
}

/** A rate that passes for seconds may not for a minute, when checkpoints come in: then a little less. */
export async function sustain(node: BenchNode, highest: number, seconds: number): Promise<Passage> {
  for (let attempt = 0, rate = highest; ; attempt += 1, rate *= 0.95) {
    await node.clear();
    const passage = await node.pass(rate, seconds);
    progress(`sustaining ${count(rate)}/s`, passage);
    if (isSustained(passage) || attempt + 1 >= SUSTAIN_ATTEMPTS) return passage;
  }
}

export function isSustained({ sent, stored, kernelDrops, drainSeconds }: Passage): boolean {
  return stored === sent.records && kernelDrops === 0 && drainSeconds <= MAX_DRAIN_SECONDS && sent.skippedRecords === 0;
}

/** Says on standard error what became of a passage. */
export function progress(
  what: string,
  { sent, stored, kernelDrops, drainSeconds, collectorCpuSeconds }: Passage,
): void {
  process.stderr.write(
    `${what}: sent ${sent.records} (skipped ${sent.skippedRecords}), stored ${stored}, kernel drops ${kernelDrops}, ` +
      `drained in ${drainSeconds.toFixed(1)} s, collector ${percent(collectorCpuSeconds / sent.seconds)} of a core\n`,
  );
}

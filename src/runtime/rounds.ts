import type { Clock } from './clock.ts';

/**
 * Runs `round` again and again, each time `everyMs` after the last one was over, and so never twice at once.
 * @param round never rejects
 * @returns ends it: a round that is under way goes on, and none comes after it
 */
export function inRounds(clock: Clock, everyMs: number, round: () => Promise<unknown>): () => void {
  let isOver = false;
  let cancel = (): void => {};
  const later = (): void => {
    cancel = clock.after(everyMs, () => void round().finally(() => (isOver ? undefined : later())));
  };
  later();
  return () => {
    isOver = true;
    cancel();
  };
}

import { availableParallelism } from 'node:os';
import { bytesText } from '../terminal/figures.ts';
import type { Check } from './check-result.ts';

/** Whether there are cores for the workers. */
export const checkWorkers: Check = ({ config: { workers, journal } }) => {
  const cores = availableParallelism();
  const count = workers === 'auto' ? Math.max(1, cores - 1) : workers;
  const found = `${count} on ${cores} cores, each with ${bytesText(Math.floor(journal.maxBytes / count))} of the journal`;
  const name = 'workers';
  if (count <= cores) return Promise.resolve([{ name, state: 'ok', found }]);
  const remedy = `More workers than cores get in each other's way: lower workers to ${cores}, or leave it at auto.`;
  return Promise.resolve([{ name, state: 'warn', found, remedy }]);
};

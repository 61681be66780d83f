import type { CollectorStatus } from '../../../src/console/status.ts';

/** What a round kills. */
export type Victim = 'worker' | 'spare worker' | 'console' | 'maintenance' | 'keeper' | 'postmaster' | 'backend';

/** Twelve rounds: each kind at least once, workers most often, since they have datagrams in their hands. */
const DECK: readonly Victim[] = [
  'worker',
  'worker',
  'worker',
  'worker',
  'worker',
  'spare worker',
  'console',
  'maintenance',
  'keeper',
  'postmaster',
  'backend',
  'backend',
];

/** The victims of so many rounds, in an order that `below` shuffles. @param below a number from 0 to less than its argument */
export function chooseVictims(rounds: number, below: (bound: number) => number): Victim[] {
  const victims: Victim[] = [];
  while (victims.length < rounds) {
    const deck = [...DECK];
    while (deck.length > 0) victims.push(...deck.splice(below(deck.length), 1));
  }
  return victims.slice(0, rounds);
}

/** Processes of that name that are there, by the status: `worker` finds all workers. */
export function pidsOf(status: CollectorStatus, name: Victim): number[] {
  return status.processes
    .filter((each) => each.name === name || (name === 'worker' && /^worker \d+$/.test(each.name)))
    .flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
}

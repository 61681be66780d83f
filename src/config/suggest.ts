/** The candidate nearest to `word` by spelling, when it is near enough to be meant; letter case does not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const written = word.toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong: "journl" finds "journal", "foo" finds nothing.
  let bound = Math.floor(Math.max(3, written.length) / 3);
  for (const candidate of candidates) {
    const steps = editDistance(written, candidate.toLowerCase());
    if (steps > bound || (steps === bound && best !== undefined)) continue;
    best = candidate;
    bound = steps;
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let steps = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        steps = Math.min(steps, at(beforePrevious, column - 2) + 1);
      }
      current.push(steps);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

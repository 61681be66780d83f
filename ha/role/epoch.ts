/**
 * The epoch of the next takeover by `node`: the next above `highest` that is this node's to use. Of the numbers, the odd ones belong to
 * the node whose name is smaller, the even ones to the other, so that no epoch is ever held by both nodes, not even where the
 * database was restored from a backup between two takeovers and the nodes could not hear each other.
 */
export function nextEpoch(highest: number, node: string, peer: string): number {
  const remainder = node < peer ? 1 : 0;
  const next = highest + 1;
  return next % 2 === remainder ? next : next + 1;
}

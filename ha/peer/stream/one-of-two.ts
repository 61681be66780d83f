/** What of a connection decides whether it stays. */
export interface Rival {
  /** Name of the node that opened it. */
  readonly dialer: string;
  /** Which run of the peer it leads to. */
  readonly session: string;
}

/**
 * Both nodes may open a connection, and one is to remain. Both judge alike: one that leads to another run of the peer, or was opened by
 * the same node once more, tells that the earlier one is dead at its other end; of two that cross, the one of the smaller name stays.
 * @param names of both nodes
 */
export function takesItsPlace(rival: Rival, current: Rival | undefined, names: readonly [string, string]): boolean {
  if (current === undefined || rival.session !== current.session || rival.dialer === current.dialer) return true;
  return rival.dialer === smallerOf(names);
}

export function smallerOf([one, other]: readonly [string, string]): string {
  return one < other ? one : other;
}

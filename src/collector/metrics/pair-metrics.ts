import type { Metrics } from '../../runtime/metrics.ts';
import type { PairNodeStatus, PairStatus } from '../../pair/pair-status.ts';

const ROLES = ['active', 'collecting', 'standby'] as const;

/** The pair as this node sees it; nothing on a node that is alone. */
export function exposePair(metrics: Metrics, status: () => PairStatus | undefined): void {
  const nodes = (): PairNodeStatus[] => {
    const pair = status();
    return pair === undefined ? [] : [pair.own, ...(pair.peer === undefined ? [] : [pair.peer])];
  };
  metrics.gauge('pair_role', '1 for the role that a node has.', ['node', 'role'], (gauge) => {
    for (const { node, role } of nodes())
      for (const each of ROLES) gauge.set({ node, role: each }, each === role ? 1 : 0);
  });
  metrics.gauge('pair_epoch', 'Raised at every takeover and switchover.', [], (gauge) => {
    const own = status()?.own;
    if (own !== undefined) gauge.set(own.epoch);
  });
  metrics.gauge('pair_ready', '1 while a node could be the active one.', ['node'], (gauge) => {
    for (const { node, readiness } of nodes()) gauge.set({ node }, readiness.isReady ? 1 : 0);
  });
  metrics.gauge('pair_holds_address', '1 while the virtual IP is seen on a node.', ['node'], (gauge) => {
    for (const { node, holdsAddress } of nodes()) gauge.set({ node }, holdsAddress ? 1 : 0);
  });
  metrics.gauge('pair_listening', '1 while the workers of a node listen.', ['node'], (gauge) => {
    for (const { node, isListening } of nodes()) gauge.set({ node }, isListening ? 1 : 0);
  });
  metrics.gauge('pair_vote_seconds', 'How much longer a vote for this node holds.', ['vote'], (gauge) => {
    const votes = status()?.own.votes;
    if (votes === undefined) return;
    gauge.set({ vote: 'database' }, votes.database.leftMs / 1000);
    gauge.set({ vote: 'peer' }, votes.peer.leftMs / 1000);
  });
  metrics.gauge(
    'pair_heartbeat_age_seconds',
    'How long the heartbeat in the database has stood still.',
    [],
    (gauge) => {
      const heartbeat = status()?.heartbeat;
      if (heartbeat !== undefined) gauge.set(heartbeat.ageMs / 1000);
    },
  );
  metrics.gauge('pair_peer_heard_seconds', 'Since the last beat of the peer.', [], (gauge) => {
    const heardMsAgo = status()?.link.heardMsAgo;
    if (heardMsAgo !== undefined) gauge.set(heardMsAgo / 1000);
  });
  metrics.gauge('pair_link_loss', 'Share of the latest beats of the peer that did not come, 0 to 1.', [], (gauge) => {
    const loss = status()?.link.loss;
    if (loss !== undefined) gauge.set(loss);
  });
  metrics.gauge('pair_clock_offset_seconds', 'By how much the clock of the peer is ahead.', [], (gauge) => {
    const offset = status()?.link.clockOffsetMs;
    if (offset !== undefined) gauge.set(offset / 1000);
  });
  metrics.gauge('pair_last_event_seconds', 'Time of the last event of each kind, Unix seconds.', ['kind'], (gauge) => {
    for (const { kind, at } of status()?.events.toReversed() ?? []) gauge.set({ kind }, Date.parse(at) / 1000);
  });
}

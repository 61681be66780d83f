import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** Of all families together: the journal and the database know tables only. */
const ALL = 'all';

type Loss = readonly [family: string, what: string, total: number];

/** Everything that is lost, in one series for each kind: what the loss ledger says by sender and minute, since the start. */
export function exposeLosses(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.observedCounter(
    'loss_total',
    'What was lost or not stored as rows, by family and kind, each in its own unit.',
    ['family', 'what'],
    (add) => {
      for (const [family, what, total] of lossesOf(status())) add({ family, what }, total);
    },
  );
  // A gauge, since what comes late is taken back.
  metrics.gauge('loss_lost', "Lost on the way, by senders' sequence numbers.", ['family'], (gauge) =>
    gauge.set({ family: 'flow' }, status().flow.lost),
  );
}

function lossesOf({ listeners, flow, syslog, snmp, journal, writer }: CollectorStatus): Loss[] {
  const kernelDrops = new Map([
    ['flow', 0],
    ['syslog', 0],
    ['snmp', 0],
  ]);
  for (const listener of listeners) {
    const drops = listener.transport === 'udp' ? listener.kernelDrops : 0;
    kernelDrops.set(listener.family, (kernelDrops.get(listener.family) ?? 0) + drops);
  }
  const refused = Object.values(snmp.refused).reduce((sum, count) => sum + count, 0);
  return [
    ...Array.from(kernelDrops, ([family, drops]) => [family, 'kernel', drops] as const),
    ['flow', 'undecodable', flow.undecodable],
    ['syslog', 'undecodable', syslog.unparsed],
    ['snmp', 'undecodable', snmp.undecodable],
    ['snmp', 'refused', refused],
    ['flow', 'held_expired', flow.heldExpired],
    ['syslog', 'filtered', syslog.dropped],
    [ALL, 'dropped', journal.lostRows],
    [ALL, 'rejected', writer.rejectedRows],
  ];
}

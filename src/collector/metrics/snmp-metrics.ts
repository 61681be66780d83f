import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

const COUNTED = [
  ['datagrams', 'snmp_datagrams_total', 'SNMP datagrams received.'],
  ['traps', 'snmp_traps_total', 'Traps stored.'],
  ['informs', 'snmp_informs_total', 'Informs stored.'],
  ['informRetransmissions', 'snmp_inform_retransmissions_total', 'Informs that came again, and were not stored again.'],
  ['acknowledged', 'snmp_informs_acknowledged_total', 'Responses sent to informs.'],
  ['informsLost', 'snmp_informs_lost_total', "Informs lost at the journal's bound, and not answered."],
  ['undecodable', 'snmp_undecodable_total', 'Datagrams that could not be decoded.'],
  ['notNotifications', 'snmp_not_notifications_total', 'Requests and responses, which are not for a collector.'],
  ['reports', 'snmp_reports_total', 'Reports sent to senders of informs, discovery included.'],
  ['replays', 'snmp_replays_total', 'SNMPv3 traps that came a second time, and were not stored again.'],
  ['storedRaw', 'snmp_raw_stored_total', 'Undecodable datagrams kept as rows.'],
  ['rawSuppressed', 'snmp_raw_suppressed_total', 'Undecodable datagrams above the allowance, counted alone.'],
  ['engineEvictions', 'snmp_engine_evictions_total', 'SNMPv3 engines forgotten for want of room.'],
  ['polls', 'snmp_polls_total', 'Devices asked for their names.'],
  ['pollFailures', 'snmp_poll_failures_total', 'Of these, those that did not answer or refused.'],
] as const;

/** Traps, informs, SNMPv3 security and polling. */
export function exposeSnmp(metrics: Metrics, status: () => CollectorStatus): void {
  for (const [field, name, help] of COUNTED) {
    metrics.observedCounter(name, help, [], (add) => add({}, status().snmp[field]));
  }
  metrics.observedCounter(
    'snmp_refused_total',
    'Datagrams whose sender was not heard, by reason.',
    ['reason'],
    (add) => {
      for (const [reason, count] of Object.entries(status().snmp.refused)) add({ reason }, count);
    },
  );
  metrics.gauge('snmp_engines', 'SNMPv3 engines of senders remembered.', [], (gauge) =>
    gauge.set(status().snmp.engines),
  );
  metrics.gauge('snmp_engine_boots', 'Boots of our own SNMPv3 engine.', [], (gauge) =>
    gauge.set(status().snmp.engineBoots),
  );
}

import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

const COUNTED = [
  ['messages', 'syslog_messages_total', 'Syslog messages received.'],
  ['unparsed', 'syslog_unparsed_total', 'Messages stored raw, for want of a header that could be read.'],
  ['lossy', 'syslog_lossy_total', 'Messages that were not UTF-8 or held a NUL; their bytes are kept.'],
  ['cut', 'syslog_cut_total', 'Messages longer than allowed, whose rest is gone.'],
  ['dropped', 'syslog_dropped_total', 'Messages that a rule dropped.'],
  ['deviceEvictions', 'syslog_device_evictions_total', 'Devices forgotten for want of room.'],
] as const;

const RULES = [
  ['matched', 'syslog_rule_matched_total', 'Messages that met the conditions of the rule.'],
  ['dropped', 'syslog_rule_dropped_total', 'Messages that the rule dropped.'],
  ['skipped', 'syslog_rule_skipped_total', 'Messages that its pattern was not tried on, having used up its time.'],
] as const;

/** Syslog altogether, and by rule. */
export function exposeSyslog(metrics: Metrics, status: () => CollectorStatus): void {
  for (const [field, name, help] of COUNTED) {
    metrics.observedCounter(name, help, [], (add) => add({}, status().syslog[field]));
  }
  for (const [field, name, help] of RULES) {
    metrics.observedCounter(name, help, ['rule', 'action'], (add) => {
      for (const rule of status().syslog.rules) add({ rule: rule.name, action: rule.action }, rule[field]);
    });
  }
  metrics.gauge('syslog_devices', 'Devices remembered.', [], (gauge) => gauge.set(status().syslog.devices));
  metrics.gauge('syslog_complete_partitions', 'Partitions of messages that are complete.', [], (gauge) =>
    gauge.set(status().syslog.search.partitions),
  );
  metrics.gauge('syslog_indexed_partitions', 'Of these, those that have all their indexes.', [], (gauge) =>
    gauge.set(status().syslog.search.indexed),
  );
}

import { ALARM_KINDS, type AlarmStatus } from '../../alarms/alarm.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** Each kind has a series, so that one can see that there is none. */
export function exposeAlarms(metrics: Metrics, alarms: () => readonly AlarmStatus[]): void {
  metrics.gauge('alarms', 'Alarms of this node that are on.', ['kind'], (gauge) => {
    const now = alarms();
    for (const kind of ALARM_KINDS) gauge.set({ kind }, now.filter((alarm) => alarm.kind === kind).length);
  });
}

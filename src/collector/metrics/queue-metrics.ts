import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** The queue on Redis; nothing where batches wait in the journal alone. */
export function exposeQueue(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge('queue_up', '1 while Redis takes batches.', [], (gauge) => {
    const { queue } = status();
    if (queue !== undefined) gauge.set(queue.state === 'well' ? 1 : 0);
  });
  metrics.gauge('queue_batches', 'Batches of all nodes that wait in Redis.', [], (gauge) =>
    gauge.set(status().queue?.waitingBatches ?? 0),
  );
  metrics.gauge('queue_bytes', 'Bytes of all nodes that wait in Redis.', [], (gauge) =>
    gauge.set(status().queue?.waitingBytes ?? 0),
  );
  const counted = [
    ['toRedis', 'queue_taken_total', 'Batches that Redis took.'],
    ['toJournal', 'queue_to_journal_total', 'Batches that went to the journal instead.'],
    ['forwarded', 'queue_forwarded_total', 'Batches that went on from the journal to Redis.'],
    ['damaged', 'queue_damaged_total', 'Batches that Redis gave back broken.'],
  ] as const;
  for (const [field, name, help] of counted) {
    metrics.observedCounter(name, help, [], (add) => add({}, status().queue?.[field] ?? 0));
  }
}

import { SYSLOG_MESSAGES } from '../../collectors/syslog/tables.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import { type Row as BatchRow, sealedBatch } from './batches.ts';
import type { Row } from './flow-rows.ts';

/** A row of `syslog_messages` with what it must have, and `more`. */
export function logRow(receivedAt: string, more: Row = {}): Row {
  return { received_at: receivedAt, device: '192.0.2.1', format: '3', transport: 'u', message: 'hello', ...more };
}

/** A batch of messages; what a row does not name is as in `logRow`, times are microseconds since the Unix epoch. */
export function logBatch(...rows: readonly (BatchRow & { received_at: number })[]): SealedBatch {
  const needed = { device: '192.0.2.1', format: '3', transport: 'u', cut: 0, message: 'hello' };
  return sealedBatch(
    SYSLOG_MESSAGES,
    rows.map((row) => ({ ...needed, ...row })),
  );
}

import { leadingTimestamp, readRows, rowFields } from '../batch/copy-reader.ts';

/** Columns that tell of whom a row is, by table whichever it has. */
const SENDER_COLUMNS = ['exporter', 'device', 'sender'];

export interface RowOrigin {
  /** An address as text. */
  readonly sender: string | null;
  readonly receivedAt: Date | null;
}

/**
 * Who sent a row and when it was received, as far as its bytes tell: the row may be the one that the database refused.
 * @param row one tuple of the binary COPY format
 */
export function originOfRow(columns: readonly string[], row: Buffer): RowOrigin {
  return { sender: senderOf(columns, row), receivedAt: receivedAtOf(columns, row) };
}

function senderOf(columns: readonly string[], row: Buffer): string | null {
  const index = columns.findIndex((column) => SENDER_COLUMNS.includes(column));
  try {
    const field = rowFields(row, 0)[index];
    if (field === undefined) return null;
    const alone = Buffer.alloc(6 + field.length);
    alone.writeInt16BE(1, 0);
    alone.writeInt32BE(field.length, 2);
    field.copy(alone, 6);
    const read = readRows(alone, [{ name: 'sender', type: 'inet' }])[0]?.['sender'];
    return typeof read === 'string' ? read : null;
  } catch {
    return null; // It is not even a row, or its sender is what was refused.
  }
}

function receivedAtOf(columns: readonly string[], row: Buffer): Date | null {
  if (columns[0] !== 'received_at') return null;
  const micros = leadingTimestamp(row, 0);
  if (micros === undefined) return null;
  const at = new Date(micros / 1000);
  return Number.isNaN(at.getTime()) ? null : at;
}

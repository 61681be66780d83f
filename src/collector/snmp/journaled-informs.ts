import { SNMP_TRAPS } from '../../../collectors/snmp/tables.ts';
import { leadingTimestamp, rowFields, rowOffsets } from '../../../storage/batch/copy-reader.ts';
import type { StoredInform } from '../../../storage/database/recent-informs.ts';
import { recentBatches } from '../../../storage/journal/recent-batches.ts';

/**
 * Informs in the files of a journal, not older than `sinceMicros`: accepted, and perhaps not in the database yet.
 * @throws what the file system says
 */
export async function* journaledInforms(directory: string, sinceMicros: number): AsyncGenerator<StoredInform> {
  for await (const { columns, body } of recentBatches(directory, SNMP_TRAPS.table, sinceMicros)) {
    const place = columns.indexOf('inform_key');
    if (place < 0) continue; // of a program that did not have it
    for (const at of rowOffsets(body).slice(0, -1)) {
      const key = rowFields(body, at)[place];
      const receivedAtMicros = leadingTimestamp(body, at) ?? 0;
      // A copy: a batch is large, and its keys are kept for minutes.
      if (key !== undefined && receivedAtMicros >= sinceMicros) yield { key: Buffer.from(key), receivedAtMicros };
    }
  }
}

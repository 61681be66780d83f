import type { DatabaseClient } from '../database/database.ts';
import { sqlFile } from '../database/sql.ts';
import type { FoldStep } from '../fold/fold-step.ts';

/** One statement a table: the rows of some minutes, by minute, sender and whatever else `losses` tells apart. */
const STORED = new Map(
  ['flows', 'syslog_messages', 'snmp_traps'].map((table) => [table, sqlFile(`fold-stored-${table}`)]),
);

const MINUTE_MICROS = 60_000_000;

/**
 * What the loss ledger says is stored, and rejected: counted from the rows themselves, so it is exact whatever happened to the
 * processes that received and wrote them.
 */
export class StoredRows implements FoldStep {
  readonly name = 'stored rows of the loss ledger';
  readonly tables: readonly string[] = [...STORED.keys()];

  /** @throws what the database says */
  async apply(client: DatabaseClient, table: string, minutes: readonly number[]): Promise<void> {
    const statement = STORED.get(table);
    if (statement === undefined) return;
    for (const minute of minutes) {
      const range = [minute, minute + MINUTE_MICROS].map((micros) => new Date(micros / 1000).toISOString());
      await client.query(statement, range);
    }
  }
}

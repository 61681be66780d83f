import type { DatabaseClient } from '../database/database.ts';
import { sqlFile } from '../database/sql.ts';
import type { FoldStep } from '../fold/fold-step.ts';

/** Tables of rows: their column with the address, and what `losses` calls their family. */
const ROW_TABLES = {
  flows: { sender: 'exporter', family: 'flow' },
  syslog_messages: { sender: 'device', family: 'syslog' },
  snmp_traps: { sender: 'device', family: 'snmp' },
} as const;

/** One statement a table: the rows of some minutes, by minute and sender. */
const STORED = new Map(Object.entries(ROW_TABLES).map(([table, named]) => [table, statementFor(table, named)]));

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

function statementFor(table: string, { sender, family }: { readonly sender: string; readonly family: string }): string {
  const words: Readonly<Record<string, string>> = { rows: table, sender, family: `'${family}'` };
  return sqlFile('fold-stored').replaceAll(/«(\w+)»/g, (whole, word: string) => words[word] ?? whole);
}

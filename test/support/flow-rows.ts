import { coverTimes } from '../../storage/database/partitions.ts';
import { type DatabaseClient, quoteIdentifier } from '../../storage/database/database.ts';

/** Values of columns by name; what is missing is NULL. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Plain INSERTs, into partitions of an hour that are made where they are missing. */
export async function insertRows(client: DatabaseClient, table: string, rows: readonly Row[]): Promise<void> {
  const times = rows.flatMap((row) => (row['received_at'] === undefined ? [] : [String(row['received_at'])]));
  if (times.length > 0) {
    const micros = times.map((time) => Date.parse(time) * 1000);
    await coverTimes(client, table, micros, 'hour');
  }
  for (const row of rows) {
    const names = Object.keys(row).map(quoteIdentifier).join(', ');
    const places = Object.keys(row).map((_, index) => `$${index + 1}`);
    const text = `INSERT INTO ${quoteIdentifier(table)} (${names}) VALUES (${places.join(', ')})`;
    await client.query(text, Object.values(row));
  }
}

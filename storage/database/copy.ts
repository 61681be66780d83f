import { once } from 'node:events';
import { from } from 'pg-copy-streams';
import type { DatabaseClient } from './database.ts';

// PostgreSQL manual, COPY, "Binary Format": signature, flags (none), length of the header extension (none).
const FILE_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const FILE_TRAILER = Buffer.from([0xff, 0xff]);

/**
 * Runs `sql`, one or more statements with exactly one `COPY … FROM STDIN (FORMAT binary)` among them, and feeds `rows`
 * (tuples without file header and trailer) into it. Several statements in one string are one transaction, and the whole
 * costs one round trip.
 * @throws pg's DatabaseError, or the connection's error; the transaction is rolled back
 */
export async function copyRows(client: DatabaseClient, sql: string, rows: Buffer): Promise<void> {
  const stream = client.query(from(sql));
  stream.write(FILE_HEADER);
  stream.write(rows);
  stream.end(FILE_TRAILER);
  await once(stream, 'finish');
}

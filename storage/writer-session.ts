import { readFileSync } from 'node:fs';
import type { DatabaseClient } from './database.ts';

const sql = (name: string): string => readFileSync(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8');

const OPEN_SESSION = sql('open-session');

/** Readies a new connection for `insertBatch`. */
export async function prepareSession(client: DatabaseClient): Promise<void> {
  await client.query(OPEN_SESSION);
}

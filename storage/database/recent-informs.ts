import { connect, type DatabaseAddress, disconnect } from './database.ts';
import { sqlFile } from './sql.ts';

/** An inform that is stored. */
export interface StoredInform {
  /** By what its retransmissions are known. */
  readonly key: Buffer;
  readonly receivedAtMicros: number;
}

const LIST_RECENT_INFORMS = sqlFile('list-recent-informs');

/** Informs of the last `seconds`, oldest first, at most `limit`. @throws what `pg` says */
export async function listRecentInforms(
  address: DatabaseAddress,
  seconds: number,
  limit: number,
): Promise<StoredInform[]> {
  const client = await connect(address);
  try {
    return (await client.query<StoredInform>(LIST_RECENT_INFORMS, [seconds, limit])).rows.toReversed();
  } finally {
    await disconnect(client);
  }
}

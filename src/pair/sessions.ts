import type { OpenSession } from '../../ha/heartbeat/sql-session.ts';
import { connect, type DatabaseAddress, disconnect } from '../../storage/database/database.ts';

/** How the pair's parts open connections to the database. @param applicationName as `pg_stat_activity` shows them */
export function sessionsOf(address: DatabaseAddress, applicationName: string): OpenSession {
  return async () => {
    const client = await connect({ ...address, applicationName });
    return {
      query: async (text, values = []) => client.query<Record<string, unknown>>(text, [...values]),
      close: () => disconnect(client),
    };
  };
}

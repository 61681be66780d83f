import type { OpenSession, SqlSession } from '../../ha/heartbeat/sql-session.ts';
import { connect, type DatabaseAddress, disconnect } from '../../storage/database/database.ts';
import { withTimeout } from '../runtime/lifecycle.ts';

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

/**
 * A connection that is there within `ms`. One that comes later is closed as it comes: nobody would know of it, and the server has only
 * so many.
 * @throws DogwatchError `TIMED_OUT`, or what the database says
 */
export async function openWithin(open: OpenSession, ms: number): Promise<SqlSession> {
  const opening = open();
  try {
    return await withTimeout(opening, ms, 'the database');
  } catch (error) {
    opening.then((late) => late.close()).catch(() => {});
    throw error;
  }
}

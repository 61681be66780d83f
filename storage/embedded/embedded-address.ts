import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseAddress } from '../database/database.ts';
import { isAlive } from '../process-lock.ts';

/**
 * How to reach the embedded PostgreSQL of this state directory, if it is running: read from `postmaster.pid`, whose lines
 * are the process, the data directory, the start time, the port and the socket directory (PostgreSQL's `pidfile.h`).
 * @returns undefined when it does not run; rejects with the system's error when the file may not be read
 */
export async function embeddedAddress(stateDirectory: string): Promise<DatabaseAddress | undefined> {
  const file = join(stateDirectory, 'postgresql', '18', 'data', 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const [pid, , , port, host] = text?.split('\n').map((line) => line.trim()) ?? [];
  if (host === undefined || host === '' || !isAlive(Number(pid))) return undefined;
  return { host, port: Number(port), user: 'dogwatch', database: 'dogwatch' };
}

import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { Account } from '../../storage/embedded/postgres-account.ts';
import type { Config } from '../config/schema.ts';

/** What the keeper gives a process to start with. Travels between processes: plain values, secrets among them. */
export interface ProcessStart {
  readonly config: Config;
  readonly database: DatabaseAddress;
  /** Who goes on where the process was started as root. */
  readonly account: Account | undefined;
}

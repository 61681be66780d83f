import { Client, type ClientConfig } from 'pg';

/**
 * A connection for a pool that a library makes. One that breaks while the library uses it emits `error`, which would end the
 * process where nobody listens; the query that was running rejects, and that is enough.
 */
export class PoolClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

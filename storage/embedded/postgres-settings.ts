import { totalmem } from 'node:os';

const SMALL_MEMORY_BYTES = 2 * 2 ** 30;

/** Settings of the embedded server: for many rows that only ever come in at the end, and few, large queries. */
export function postgresSettings(): Record<string, string> {
  const isSmall = totalmem() < SMALL_MEMORY_BYTES;
  return {
    // COPY goes through a ring of 16 MB, so more than this helps queries only.
    shared_buffers: isSmall ? '96MB' : '256MB',
    work_mem: isSmall ? '8MB' : '32MB',
    maintenance_work_mem: '64MB',
    huge_pages: 'try',
    max_connections: '40',
    // Few checkpoints: each makes every page touched afterwards be written to the WAL in full.
    max_wal_size: isSmall ? '1GB' : '4GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    wal_buffers: '16MB',
    // Nobody replicates from this server.
    wal_level: 'minimal',
    max_wal_senders: '0',
    // Compiling a query costs more than it saves on the queries of people.
    jit: 'off',
    // Partitions are only inserted into and dropped whole; the statistics are what counts.
    autovacuum_vacuum_insert_scale_factor: '1.0',
    autovacuum_naptime: '60s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] %a ',
  };
}

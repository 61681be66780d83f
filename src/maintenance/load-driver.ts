import { PostgresConnection } from 'bullmq';

/*
 * Has BullMQ load its driver now, which it otherwise does with each connection: the account that goes on for root need not be able to
 * read the program's files later. Node remembers where a package is for whoever was the first to load it: so this comes before any other
 * import of `pg`. It connects to nobody.
 */
void new PostgresConnection({ connectionString: 'postgresql://localhost/' }).close().catch(() => {});

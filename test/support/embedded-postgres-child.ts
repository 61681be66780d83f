// Starts an embedded server, commits something, says so, and waits to be killed; on SIGTERM it
// stops the server first.
import { silentLog } from '../../src/runtime/log.ts';
import { connect } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';

const stateDirectory = process.argv[2] ?? '';
const postgres = new EmbeddedPostgres({ stateDirectory, settings: { shared_buffers: '16MB' } }, silentLog);
await postgres.start();
const client = await connect(postgres.address);
await client.query('CREATE TABLE kept AS SELECT generate_series(1, 1000)');
const waiting = setInterval(() => {}, 1000);
process.once('SIGTERM', () => {
  clearInterval(waiting);
  void client.end().then(() => postgres.stop());
});
process.stdout.write('ready\n');

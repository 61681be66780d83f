import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { NumberedFlows } from '../support/database-faults/numbered-flows.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { SmtpServer } from '../support/smtp-server.ts';

/** An alarm of the database takes a minute to begin. */
const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;

test('operators are told that the database is away while it is, and once', { skip: ONLY_LONG }, async (t) => {
  const smtp = await new SmtpServer().start();
  t.after(() => smtp.stop());
  const database = await FaultyDatabase.start(t, { stateDirectory: await temporaryDirectory() });
  const email = { host: '127.0.0.1', port: smtp.port, tls: 'none', from: 'dw@example.net', to: ['noc@example.net'] };
  const settings = { notify: { email, timeout: '2s' } };
  const folder = await temporaryDirectory();
  const collector = await CollectorProcess.start({ folder, databaseUrl: database.url(), settings });
  await eventually('it writes', async () => (await collector.status()).writer.state === 'writing');
  // One that has nothing to write does not notice.
  const flows = await NumberedFlows.start(collector.flowPort, 100);
  t.after(() => {
    flows.stop();
    return collector.kill();
  });
  await database.stop();
  await eventually('a mail came', () => Promise.resolve(smtp.mails.length > 0), 120_000);
  assert.match(smtp.mails[0]?.text ?? '', /^Subject: \[dogwatch\] .* alarm: .* has not reached the database/m);
  await database.start();
  const client = await database.connect();
  t.after(() => disconnect(client));
  await eventually(
    'the end is told, too',
    async () =>
      (await client.query(`SELECT FROM ha_events WHERE kind = 'alarm-over' AND notified_at IS NOT NULL`)).rowCount ===
      1,
    60_000,
  );
  const subjects = smtp.mails.map(({ text }) => /^Subject: \[dogwatch\] \S+ (\S+):/m.exec(text)?.[1]);
  assert.deepEqual(subjects, ['alarm', 'alarm-over']);
  assert.equal((await client.query('SELECT FROM ha_events WHERE notified_at IS NULL')).rowCount, 0);
});

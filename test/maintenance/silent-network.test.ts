import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { JobScheduler } from '../../src/maintenance/job-scheduler.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { DatabaseWire } from '../support/database-faults/database-wire.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;

test(
  'jobs that find the network silent as they are about to begin say so, and begin when it is back',
  { skip: ONLY_LONG },
  async (t) => {
    const database = await startTestDatabase();
    t.after(() => database.stop());
    const { host = '', port = 0, user = '', database: name = '' } = database.address;
    const wire = await DatabaseWire.open(t, join(host, `.s.PGSQL.${port}`));
    const address = { connectionString: `postgresql://${user}@127.0.0.1:${wire.port}/${name}` };
    let runs = 0;
    const job = { name: 'sweep', everyMs: 500, run: async () => void (runs += 1) };
    const scheduler = new JobScheduler(
      [job],
      { place: { kind: 'postgres', address }, address, holdBack: () => undefined },
      systemClock,
      silentLog,
    );
    wire.delayMs = 400; // so that it is on its way, over a connection that is open, when the silence begins
    await scheduler.start();
    t.after(() => scheduler.stop());
    const admin = await connect(database.address);
    t.after(() => disconnect(admin));
    await eventually('its schedule is being made', async () => {
      const { rows } = await admin.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'dogwatch jobs' AND query <> ''`,
      );
      return rows.length > 0;
    });
    wire.silence();
    const starting = scheduler.status.trouble;
    await eventually('it says why', () => ![undefined, starting].includes(scheduler.status.trouble), 50_000);
    assert.equal(runs, 0);
    wire.delayMs = 0;
    wire.cut();
    await eventually('the job runs', () => runs > 0, 40_000);
    assert.equal(scheduler.status.trouble, undefined);
  },
);

// Runs one maintenance job until it is killed, on the database of the first argument; each start of it is a message to the parent. The
// job goes on until it is told to stop.
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { JobScheduler } from '../../src/maintenance/job-scheduler.ts';

const address = { connectionString: process.argv[2] ?? '' };
const job = {
  name: 'long',
  everyMs: 3_600_000,
  run: (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      process.send?.('began');
      signal.addEventListener('abort', () => {
        process.send?.('aborted');
        resolve();
      });
    }),
};
const scheduler = new JobScheduler([job], { place: { kind: 'postgres', address }, address }, systemClock, silentLog);
await scheduler.start();
process.on('message', () => {
  void scheduler.stop().then(() => process.disconnect());
});

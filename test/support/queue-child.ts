// A node's part of the shared queue, as a process of its own that can be killed. Speaks in lines on standard output.
//   hold    takes one batch, names it, and keeps it
//   write   writes what comes into the database
//   rest    only opens the queue
// A line on standard input ends it: it closes what it opened, and leaves the rest to Node.js.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { BullmqQueue } from '../../storage/redis/bullmq-queue.ts';
import { Writer } from '../../storage/writer.ts';
import { eventually } from './processes.ts';

const [mode = '', url = '', directory = '', connectionString = ''] = process.argv.slice(2);
const journal = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
await journal.open();
const queue = new BullmqQueue({ address: { url }, timeoutMs: 300 }, journal, systemClock, silentLog);
await queue.open();
const address = { connectionString };
const writer = new Writer(
  queue,
  { address, node: `child-${process.pid}`, partitionBy: 'hour' },
  systemClock,
  silentLog,
);
await eventually('Redis is well', () => queue.status().state === 'well');
if (mode === 'write') await writer.start();
say('ready');
if (mode === 'hold') say(`took ${(await queue.next())?.id}`);

await once(process.stdin, 'data');
process.stdin.destroy();
if (mode === 'write') await writer.stop();
await queue.close();
await journal.close();
say('closed');

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

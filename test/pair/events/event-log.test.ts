import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { sessionsOf } from '../../../src/pair/sessions.ts';
import { EventLog } from '../../../src/pair/events/event-log.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const RETRY_MS = 2000;

test('events that happen while the database is away are stored once it is back, each once, and known to a later run', async () => {
  const database = await startTestDatabase();
  const open = sessionsOf(database.address, 'dogwatch events');
  const clock = new HandClock();
  let isAway = true;
  const opening = (): ReturnType<typeof open> => (isAway ? Promise.reject(new Error('connection refused')) : open());
  const log = new EventLog({ pair: 'p', node: 'a' }, opening, clock, silentLog);
  await log.start();
  const event = log.add('takeover', 3, 'a is active now');
  log.add('vote', 3, 'a has lost the vote of the peer', { vote: 'peer' });
  for (let turns = 0; turns < 10; turns += 1) await turn();
  isAway = false;
  clock.advance(RETRY_MS);
  await log.stop();
  const later = new EventLog({ pair: 'p', node: 'b' }, open, new HandClock(), silentLog);
  await later.start();
  await later.stop();
  assert.deepEqual(later.recent.map(({ summary, epoch, node }) => `${node} ${epoch} ${summary}`).toSorted(), [
    'a 3 a has lost the vote of the peer',
    'a 3 a is active now',
  ]);
  later.hear(event);
  assert.equal(later.recent.length, 2);
});

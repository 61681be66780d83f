import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { EventLog } from '../../../src/pair/events/event-log.ts';
import { GapWatch } from '../../../src/pair/events/gap-watch.ts';
import type { PairEvent } from '../../../src/pair/events/pair-event.ts';
import { sessionsOf } from '../../../src/pair/sessions.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { startTestDatabase } from '../../support/postgres.ts';

test('a change of nodes is measured by what was stored before and after it, and what senders count as lost', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const clock = new HandClock();
  const openedAt = clock.nowMicros() / 1000;
  const at = (ms: number): Date => new Date(openedAt + ms);
  const batch = `INSERT INTO batches (id, table_name, rows, node, committed_at, earliest, latest)
    VALUES (gen_random_uuid(), $1, 1, 'n', $2, $3, $4)`;
  await client.query(batch, ['flows', at(-2000), at(-9000), at(-2500)]);
  await client.query(batch, ['flows', at(1000), at(400), at(900)]);
  await client.query(batch, ['exporters', at(-100), at(-100), at(-100)]);
  const loss = `INSERT INTO losses (minute, family, sender, observation_domain, protocol, account, lost)
    VALUES (date_trunc('minute', $1::timestamptz), 'flow', $2, 0, 'ipfix', 1, $3)`;
  await client.query(loss, [at(0), '192.0.2.1', 40]);
  await client.query(loss, [at(0), '192.0.2.2', 2]);
  await client.query(loss, [at(-600_000), '192.0.2.1', 1000]);
  const said = new EventEmitter();
  const open = sessionsOf(database.address, 'dogwatch gaps');
  const events = new EventLog({ pair: 'p', node: 'b' }, open, clock, silentLog);
  events.onEvent = (event) => said.emit('event', event);
  const watch = new GapWatch(open, events, clock, silentLog);
  const next = async (ms: number): Promise<PairEvent> => {
    const heard = once(said, 'event');
    clock.advance(ms);
    const [event]: PairEvent[] = await heard;
    assert.ok(event !== undefined);
    return event;
  };
  // The other node's clock is half a second ahead: what it stored last was earlier by ours.
  watch.opened(8, 500);
  const gap = await next(15_000);
  assert.deepEqual([gap.kind, gap.epoch, gap.details['gapMs']], ['gap', 8, 3400]);
  const lost = await next(135_000);
  assert.deepEqual(lost.details['lost'], [
    { sender: '192.0.2.1', family: 'flow', lost: 40 },
    { sender: '192.0.2.2', family: 'flow', lost: 2 },
  ]);
  await events.stop();
  await disconnect(client);
});

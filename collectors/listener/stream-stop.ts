import { once } from 'node:events';
import type { Server } from 'node:net';
import { setTimeout as pause, setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '../../src/runtime/clock.ts';
import type { Connection } from './connection.ts';

/** How long what senders have on its way is still read. */
const DRAIN_MS = 500;
/** No byte for so long: nothing more is on its way. */
const QUIET_MS = 100;
/** How long answers that are owed are waited for. */
const ANSWERS_MS = 2000;
/** How long closing connections may take to send their last bytes. */
const CLOSE_MS = 500;
const POLL_MS = 5;

/**
 * Ends a listener's connections, each stage in bounded time.
 *
 *   without answers:  our end is announced ──senders close, or fall quiet──▶ destroyed
 *   with answers:     reading ends ──all answered──▶ farewell ──sent──▶ closed
 *
 * A sender that looks before it writes (rsyslog does) stops at our announcement and loses nothing. What is unanswered of
 * RELP comes again when the sender has found us, or another, anew.
 */
export async function endConnections(
  server: Server,
  open: ReadonlySet<Connection>,
  answers: boolean,
  clock: Clock,
  readBytes: () => number,
): Promise<void> {
  // The kernel has accepted some that we have not seen; closing would reset them.
  await nextTurn();
  await nextTurn();
  const closed = once(server, 'close');
  server.close();
  if (answers) await answerAll(open, clock);
  else await drain(open, clock, readBytes);
  await until(clock, CLOSE_MS, () => open.size === 0);
  for (const connection of open) connection.destroy();
  await closed;
}

async function answerAll(open: ReadonlySet<Connection>, clock: Clock): Promise<void> {
  for (const connection of open) connection.endReading();
  await until(clock, ANSWERS_MS, () => [...open].every((connection) => connection.isSettled));
  for (const connection of open) connection.sayFarewell();
}

async function drain(open: ReadonlySet<Connection>, clock: Clock, readBytes: () => number): Promise<void> {
  for (const connection of open) connection.announceEnd();
  let bytes = readBytes();
  let quietSinceMs = clock.monotonicMs();
  await until(clock, DRAIN_MS, () => {
    const now = clock.monotonicMs();
    if (readBytes() !== bytes) quietSinceMs = now;
    bytes = readBytes();
    return open.size === 0 || now - quietSinceMs >= QUIET_MS;
  });
  for (const connection of open) connection.destroy();
}

async function until(clock: Clock, limitMs: number, isDone: () => boolean): Promise<void> {
  const deadline = clock.monotonicMs() + limitMs;
  while (!isDone() && clock.monotonicMs() < deadline) await pause(POLL_MS);
}

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';

import { HeldSockets, type SocketPlan } from '../../src/keeper/held-sockets.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { LogLines } from '../support/hand-clock.ts';
import { eventually } from '../support/processes.ts';
import { UDP } from './reading.ts';

const PATIENT_MS = 60_000;

/** Another program on a port for datagrams. */
async function occupy(port = 0): Promise<{ socket: Socket; plan: SocketPlan }> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(port, '127.0.0.1');
  await listening;
  return { socket, plan: { ...UDP, port: socket.address().port } };
}

async function free({ socket }: { readonly socket: Socket }): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

/** Plans of two ports that nobody has. */
async function freePlans(): Promise<[SocketPlan, SocketPlan]> {
  const [one, other] = [await occupy(), await occupy()];
  await Promise.all([one, other].map(free));
  return [one.plan, other.plan];
}

async function isFree({ port }: SocketPlan): Promise<boolean> {
  try {
    await free(await occupy(port));
    return true;
  } catch {
    return false;
  }
}

const isBinding = (lines: LogLines): Promise<void> =>
  eventually('it waits for the port', () => lines.all().some(({ msg }) => msg === 'the port is taken, trying again'));
const portsOf = (held: HeldSockets): number[] => held.addresses.map(({ port }) => port);

test('listeners that are closed while others are being bound leave no socket, and the next opening has the others', async (t) => {
  const [former, other] = await freePlans();
  const taken = await occupy();
  const lines = new LogLines();
  const held = new HeldSockets([former], 1, lines.log, PATIENT_MS);
  t.after(() => held.stop());
  await held.start();
  const changing = held.change([other, taken.plan]);
  await isBinding(lines);
  await held.stop();
  await changing;
  assert.deepEqual(await Promise.all([former, other].map(isFree)), [true, true]);
  await free(taken);
  await held.start();
  assert.deepEqual(portsOf(held), [other.port, taken.plan.port]);
});

test('listeners that are closed and opened again while others are being bound end with the others', async (t) => {
  const [former] = await freePlans();
  const taken = await occupy();
  const lines = new LogLines();
  const held = new HeldSockets([former], 1, lines.log, PATIENT_MS);
  t.after(() => held.stop());
  await held.start();
  const changing = held.change([former, taken.plan]);
  await isBinding(lines);
  await held.stop();
  const starting = held.start();
  await free(taken);
  await Promise.all([starting, changing]);
  assert.deepEqual(portsOf(held), [former.port, taken.plan.port]);
  assert.equal(await isFree(former), false);
});

for (const workers of [1, 2]) {
  test(`listeners that change while they are being opened end with the new ones, once each, with ${workers} worker(s)`, async (t) => {
    const [kept, added] = await freePlans();
    const taken = await occupy();
    const held = new HeldSockets([taken.plan, kept], workers, silentLog, PATIENT_MS);
    t.after(() => held.stop());
    const starting = held.start();
    const changing = held.change([kept, added]);
    await free(taken);
    await Promise.all([starting, changing]);
    held.prune();
    assert.deepEqual(portsOf(held), [kept.port, added.port]);
    assert.equal(await isFree(taken.plan), true);
    await held.stop();
    assert.deepEqual(await Promise.all([kept, added].map(isFree)), [true, true]);
  });
}

test('an opening that fails leaves no socket in the way of the next one', async (t) => {
  const [first] = await freePlans();
  const taken = await occupy();
  const held = new HeldSockets([first, taken.plan], 1, silentLog, 0);
  t.after(() => held.stop());
  await assert.rejects(held.start(), { code: 'LISTEN_FAILED' });
  assert.equal(await isFree(first), true);
  await free(taken);
  await held.start();
  assert.deepEqual(portsOf(held), [first.port, taken.plan.port]);
});

test('an opening that is given up while a port is taken ends at once, and keeps nothing', async (t) => {
  const [first] = await freePlans();
  const taken = await occupy();
  t.after(() => free(taken));
  const lines = new LogLines();
  const held = new HeldSockets([first, taken.plan], 1, lines.log, PATIENT_MS);
  const starting = held.start();
  await isBinding(lines);
  await held.stop();
  await assert.rejects(starting, { code: 'LISTEN_FAILED' });
  assert.equal(await isFree(first), true);
});

test('a change just before the role goes and comes back does not bind against the opening', async (t) => {
  const [former, other] = await freePlans();
  const held = new HeldSockets([former], 1, silentLog, PATIENT_MS);
  t.after(() => held.stop());
  await held.start();
  const changing = held.change([former, other]);
  await held.stop();
  const starting = held.start();
  await Promise.all([starting, changing]);
  assert.deepEqual(portsOf(held), [former.port, other.port]);
});

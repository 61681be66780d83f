import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';

import { connectionsAllowed } from '../../../collectors/listener/connection-slots.ts';
import { ConnectionTurns } from '../../../collectors/listener/connection-turns.ts';
import { TestAcceptance, until } from './listening.ts';

function waiting(turns: ConnectionTurns, count: number): string[] {
  const read: string[] = [];
  for (let index = 0; index < count; index++) {
    const reader = {
      takeTurn: () => {
        read.push(`${index}`);
        if (read.length <= count) turns.wait(reader);
      },
    };
    turns.wait(reader);
  }
  return read;
}

test('eight read in a turn, and whoever read goes behind those that wait', async () => {
  const turns = new ConnectionTurns(new TestAcceptance());
  const read = waiting(turns, 20);
  await nextTurn();
  assert.deepEqual(read, ['0', '1', '2', '3', '4', '5', '6', '7']);
  await until(() => read.length >= 24);
  assert.deepEqual(
    read.slice(0, 20),
    Array.from({ length: 20 }, (_, index) => `${index}`),
  );
  assert.deepEqual(read.slice(20, 24), ['0', '1', '2', '3']);
  turns.stop();
});

test('nobody reads while there is no room, and all do when it comes', async () => {
  const acceptance = new TestAcceptance();
  acceptance.room = false;
  const turns = new ConnectionTurns(acceptance);
  const read = waiting(turns, 3);
  await until(() => turns.pauses === 1);
  await nextTurn();
  assert.deepEqual([read.length, turns.hasRoom()], [0, false]);
  acceptance.giveRoom();
  await until(() => read.length >= 3);
  assert.deepEqual(read.slice(0, 3), ['0', '1', '2']);
  turns.stop();
});

test('who has left, or waits when all stops, does not read', async () => {
  const turns = new ConnectionTurns(new TestAcceptance());
  const reader = { takeTurn: () => assert.fail() };
  turns.wait(reader);
  turns.leave(reader);
  await nextTurn();
  turns.wait(reader);
  turns.stop();
  await nextTurn();
  await nextTurn();
});

test('the limit on open files leaves room for the rest of the program', () => {
  // proc(5)
  const limits = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft.padEnd(20)} 1048576              files     \n`;
  assert.equal(connectionsAllowed(limits('1024')), 768);
  assert.equal(connectionsAllowed(limits('100')), 1);
  assert.equal(connectionsAllowed(limits('unlimited')), Infinity);
  assert.equal(connectionsAllowed(''), Infinity);
});

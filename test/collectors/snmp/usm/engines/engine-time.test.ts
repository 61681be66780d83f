import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type EngineTime,
  judgeTime,
  unknownEngineTime,
} from '../../../../../collectors/snmp/usm/engines/engine-time.ts';

/** An engine that was heard with boots 3 and time 1000, at second 0 of our clock. */
function heardEngine(): EngineTime {
  const known = unknownEngineTime();
  judgeTime(known, 3, 1000, 0);
  return known;
}

const at = (seconds: number) => seconds * 1_000_000;

test('the first authentic message of an engine sets its clock', () => {
  const known = unknownEngineTime();
  assert.equal(judgeTime(known, 3, 1000, at(5)), undefined);
  assert.deepEqual(known, { boots: 3, latestTime: 1000, latestAtMicros: at(5) });
});

test('a message may be 150 seconds late and no more', () => {
  assert.equal(judgeTime(heardEngine(), 3, 1050, at(200)), undefined);
  assert.equal(judgeTime(heardEngine(), 3, 999, at(149)), undefined);
  assert.equal(judgeTime(heardEngine(), 3, 999, at(150)), 'time-window');
});

test('a message of an earlier boot is outside of the window, and sets no clock back', () => {
  const known = heardEngine();
  assert.equal(judgeTime(known, 2, 5000, at(1)), 'time-window');
  assert.equal(known.boots, 3);
  assert.equal(known.latestTime, 1000);
});

test('a restart of the device starts its time anew', () => {
  const known = heardEngine();
  assert.equal(judgeTime(known, 4, 2, at(400)), undefined);
  assert.deepEqual(known, { boots: 4, latestTime: 2, latestAtMicros: at(400) });
});

test('a device whose engine time stands still is told from one that is late', () => {
  assert.equal(judgeTime(heardEngine(), 3, 1000, at(150)), undefined);
  assert.equal(judgeTime(heardEngine(), 3, 1000, at(151)), 'time-not-advancing');
});

test('boots of zero are named, whatever the time', () => {
  const known = unknownEngineTime();
  assert.equal(judgeTime(known, 0, 0, at(1)), 'boots-zero');
  assert.equal(judgeTime(known, 0, 0, at(1000)), 'boots-zero');
});

test('boots at the highest value are never in time, and nothing is learnt from them', () => {
  const known = heardEngine();
  assert.equal(judgeTime(known, 2_147_483_647, 5, at(1)), 'time-window');
  assert.equal(known.boots, 3);
});

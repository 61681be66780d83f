import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmSign } from '../../src/alarms/alarm.ts';
import { AlarmBook } from '../../src/alarms/alarm-book.ts';

const AT = '2026-11-23T04:00:00.000Z';

function sign(state: AlarmSign['state'], more: Partial<AlarmSign> = {}): AlarmSign {
  const texts = { summary: 'is ill', wellAgain: 'is well', remedy: 'see to it' };
  return { kind: 'queue', subject: '', state, raiseAfterMs: 60_000, clearAfterMs: 15_000, ...texts, ...more };
}

/** What changed at each second of `states`, one letter a second: 1 on, - between, 0 off. */
function run(states: string, book = new AlarmBook(0)): string[] {
  const names = { '1': 'on', '-': 'between', '0': 'off' } as const;
  return states.split('').flatMap((letter, second) => {
    const state = letter === '1' || letter === '-' ? names[letter] : 'off';
    return book.look([sign(state)], second * 1000, AT).map(({ what, lastedMs }) => `${second} s: ${what} ${lastedMs}`);
  });
}

test('an alarm begins when its sign has been on for its time, and is over when it has been off for its time', () => {
  assert.deepEqual(run('1'.repeat(70) + '0'.repeat(30)), ['60 s: began 0', '85 s: over 25000']);
});

test('a sign that flutters makes no alarm', () => {
  assert.deepEqual(run(('1'.repeat(59) + '0').repeat(20)), []);
  assert.deepEqual(run(('1'.repeat(59) + '-').repeat(20)), []);
});

test('an alarm that flutters does not end, nor begin again', () => {
  assert.deepEqual(run('1'.repeat(61) + ('0'.repeat(14) + '-').repeat(20) + ('0'.repeat(14) + '1').repeat(20)), [
    '60 s: began 0',
  ]);
});

test('a sign that is not there any more is off', () => {
  const book = new AlarmBook(0);
  book.look([sign('on', { raiseAfterMs: 0 })], 0, AT);
  assert.equal(book.alarms.length, 1);
  assert.deepEqual(book.look([], 1000, AT), []);
  assert.deepEqual(
    book.look([], 16_000, AT).map(({ what }) => what),
    ['over'],
  );
  assert.deepEqual(book.alarms, []);
});

test('an alarm that goes on is told of again every so often', () => {
  assert.deepEqual(run('1'.repeat(100), new AlarmBook(15_000)), [
    '60 s: began 0',
    '75 s: goes-on 15000',
    '90 s: goes-on 30000',
  ]);
});

test('alarms of one kind are told apart by what they are about', () => {
  const book = new AlarmBook(0);
  const at = (subject: string): AlarmSign => sign('on', { kind: 'process', subject, raiseAfterMs: 0 });
  assert.equal(book.look([at('worker 1'), at('console')], 0, AT).length, 2);
  assert.deepEqual(
    book.alarms.map(({ subject }) => subject),
    ['worker 1', 'console'],
  );
});

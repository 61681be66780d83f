import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ErrorLines } from '../../src/keeper/error-lines.ts';
import { RestartPace } from '../../src/keeper/restart-pace.ts';
import { Watchdog } from '../../src/keeper/watchdog.ts';
import { HandClock } from '../support/hand-clock.ts';

test('the first restart is immediate, later ones wait from 0.1 to 5 seconds', () => {
  const pace = new RestartPace();
  const pauses = Array.from({ length: 9 }, (_, second) => pace.died(second * 1000, 100).pauseMs);
  assert.deepEqual(pauses, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('a process that lived for ten seconds is restarted at once again', () => {
  const pace = new RestartPace();
  for (const at of [0, 1000, 2000]) pace.died(at, 100);
  assert.deepEqual(pace.died(60_000, 58_000), { pauseMs: 0, isTrouble: false });
});

test('three deaths in ten seconds are trouble, two are not', () => {
  const pace = new RestartPace();
  const isTrouble = [0, 4000, 9000].map((at) => pace.died(at, 100).isTrouble);
  assert.deepEqual(isTrouble, [false, false, true]);
});

test('a silent child is barked at after two seconds, once', () => {
  const clock = new HandClock();
  let barks = 0;
  const watchdog = new Watchdog(clock, () => (barks += 1));
  watchdog.start();
  clock.advance(1900);
  watchdog.heard();
  clock.advance(1900);
  assert.equal(barks, 0);
  clock.advance(600);
  assert.equal(barks, 1);
  clock.advance(10_000);
  assert.equal(barks, 1);
});

test('standard error is given on by whole lines, and the last ones that are no log lines are kept', () => {
  let written = '';
  const lines = new ErrorLines((text) => (written += text));
  lines.push('{"msg":"fine"}\nTypeError: ');
  assert.equal(written, '{"msg":"fine"}\n');
  lines.push('no\n    at here\n\n');
  lines.push('end');
  lines.end();
  assert.equal(written, '{"msg":"fine"}\nTypeError: no\n    at here\n\nend\n');
  assert.deepEqual(lines.last, ['TypeError: no', '    at here', 'end']);
});

test('standard error without an end of line does not grow', () => {
  const pieces: number[] = [];
  const lines = new ErrorLines((text) => pieces.push(text.length));
  for (let bytes = 0; bytes < 1 << 20; bytes += 4096) lines.push('x'.repeat(4096));
  assert.ok(pieces.length > 10);
  assert.ok(lines.last.every((line) => line.length <= 500));
  assert.ok(lines.last.length <= 24);
});

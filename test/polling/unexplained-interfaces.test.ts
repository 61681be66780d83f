import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnexplainedInterfaces } from '../../src/polling/unexplained-interfaces.ts';

const DEVICE = '192.0.2.1';

test('an interface that a poll did not tell is no reason to ask soon again; another one is', () => {
  const unexplained = new UnexplainedInterfaces();
  assert.equal(unexplained.isWorthAsking(DEVICE, [7]), true);
  unexplained.learn(DEVICE, [7, 8], new Set([1, 8]));
  assert.equal(unexplained.isWorthAsking(DEVICE, [7]), false);
  assert.equal(unexplained.isWorthAsking(DEVICE, [7, 9]), true);
  assert.equal(unexplained.isWorthAsking('192.0.2.2', [7]), true);
  assert.equal(unexplained.isWorthAsking(DEVICE, []), false);
});

test('an interface that a later poll tells may be missed again later', () => {
  const unexplained = new UnexplainedInterfaces();
  unexplained.learn(DEVICE, [7], new Set());
  unexplained.learn(DEVICE, [], new Set([7]));
  assert.equal(unexplained.isWorthAsking(DEVICE, [7]), true);
});

test('what devices make up is remembered within bounds', () => {
  const unexplained = new UnexplainedInterfaces();
  const many = Array.from({ length: 5000 }, (_, index) => index + 1);
  unexplained.learn(DEVICE, many, new Set());
  assert.equal(unexplained.isWorthAsking(DEVICE, many.slice(0, 1000)), false);
  assert.equal(unexplained.isWorthAsking(DEVICE, [4999]), true);
  for (let each = 0; each < 10_001; each++) unexplained.learn(`device ${each}`, [7], new Set());
  assert.equal(unexplained.isWorthAsking(DEVICE, [1]), true, 'the oldest is forgotten');
  assert.equal(unexplained.isWorthAsking('device 10000', [7]), false);
});

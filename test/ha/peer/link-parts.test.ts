import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClockOffset } from '../../../ha/peer/beats/clock-offset.ts';
import { ReplayWindow } from '../../../ha/peer/beats/replay-window.ts';
import { parseSecret, streamKey } from '../../../ha/peer/link-keys.ts';
import { FrameReader, frameHeader } from '../../../ha/peer/stream/frames.ts';
import { takesItsPlace } from '../../../ha/peer/stream/one-of-two.ts';

const text = Buffer.alloc(32, 1).toString('base64');

test('a secret is base64 of 32 bytes or more, line ends not counted', () => {
  assert.deepEqual(parseSecret(`${text.slice(0, 20)}\n${text.slice(20)}\n`), Buffer.alloc(32, 1));
});

test('a secret that is too short or no base64 is refused, and not repeated', () => {
  const short = Buffer.alloc(31, 1).toString('base64');
  assert.throws(() => parseSecret(short), { code: 'SECRET_UNUSABLE', message: /has 31 bytes, needed are 32/ });
  assert.throws(() => parseSecret(''), { code: 'SECRET_UNUSABLE' });
  const refused = assert.throws.bind(undefined, () => parseSecret(`${text}%secret%`));
  refused((error: Error) => !error.message.includes('secret%'));
});

test('a stream one way has another key than the other way, and names do not run into each other', () => {
  const secret = Buffer.alloc(32, 1);
  const keys = [
    streamKey(secret, 'a', 'b'),
    streamKey(secret, 'b', 'a'),
    streamKey(secret, 'ab', ''),
    streamKey(secret, 'a', 'bb'),
  ];
  assert.equal(new Set(keys.map(String)).size, 4);
});

test('a counter is new once, in whatever order they come, and not when it is too old to know', () => {
  const window = new ReplayWindow();
  for (const counter of [3, 1, 2, 130]) {
    assert.ok(window.isNew(counter));
    window.take(counter);
    assert.ok(!window.isNew(counter));
  }
  assert.ok(!window.isNew(2), 'as far behind as the window is wide');
  assert.ok(!window.isNew(3));
  assert.ok(window.isNew(4));
  assert.ok(!window.isNew(0));
  assert.ok(!window.isNew(-1));
});

test('the loss rate is of the latest datagrams that were sent', () => {
  const window = new ReplayWindow();
  assert.equal(window.lossRate, 0);
  for (const counter of [1, 2, 4]) window.take(counter);
  assert.equal(window.lossRate, 0.25);
  for (let counter = 5; counter <= 400; counter += 1) if (counter % 4 !== 0) window.take(counter);
  assert.equal(window.lossRate, 0.25);
});

test('the clock offset is that of the shortest round trip', () => {
  const offset = new ClockOffset();
  assert.equal(new ClockOffset().best, undefined);
  // The peer is 5 s ahead; one beat was held up by 80 ms on its way here, and another not.
  offset.add(100_000, 6_000_000, 1_090_000);
  offset.add(20_000, 6_000_000, 1_010_000);
  offset.add(60_000, 6_000_000, 1_050_000);
  assert.deepEqual(offset.best, { roundTripMs: 20, offsetMs: 5000 });
  offset.add(-1, 0, 0);
  assert.equal(offset.best?.roundTripMs, 20);
});

test('frames are read whole from pieces of any size', () => {
  const bytes = Buffer.concat([
    frameHeader(3, 2),
    Buffer.from('ab'),
    frameHeader(2, 0),
    frameHeader(3, 1),
    Buffer.from('c'),
  ]);
  for (const size of [1, 2, 3, 5, 8, bytes.length]) {
    const reader = new FrameReader(2);
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      reader.add(bytes.subarray(at, at + size), (type, payload) => frames.push(`${type}${payload.toString()}`));
    }
    assert.deepEqual(frames, ['3ab', '2', '3c']);
  }
});

test('a frame over the bound is refused at its length, before its bytes are there', () => {
  const reader = new FrameReader(1024);
  const add = () => reader.add(Buffer.from('0000040101', 'hex'), () => assert.fail('no frame'));
  assert.throws(add, { code: 'FRAME_TOO_LARGE', message: /1025 bytes, allowed are 1024/ });
});

test('of two connections that cross, both nodes keep the one of the smaller name', () => {
  const [ofA, ofB] = ['a', 'b'].map((dialer) => ({ dialer, session: 's' }));
  assert.ok(ofA !== undefined && ofB !== undefined);
  assert.ok(takesItsPlace(ofA, ofB, ['a', 'b']) && takesItsPlace(ofA, ofB, ['b', 'a']));
  assert.ok(!takesItsPlace(ofB, ofA, ['a', 'b']) && !takesItsPlace(ofB, ofA, ['b', 'a']));
  assert.ok(takesItsPlace(ofB, undefined, ['a', 'b']));
  assert.ok(takesItsPlace({ ...ofB, session: 'another run' }, ofA, ['a', 'b']));
  assert.ok(takesItsPlace(ofA, ofA, ['a', 'b']), 'dialed once more: the first is dead');
});

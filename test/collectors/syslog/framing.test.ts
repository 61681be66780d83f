import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamFraming } from '../../../collectors/syslog/framing.ts';

type Shown = string | { cut: string };

/** What the framing yields for these chunks and the end of the stream. */
function framed(chunks: readonly (string | Buffer)[], maxMessageBytes = 1024): Shown[] {
  const framing = new StreamFraming(maxMessageBytes);
  const frames = chunks.flatMap((chunk) => framing.push(Buffer.from(chunk)));
  return [...frames, ...framing.end()].map((frame) =>
    frame.cut ? { cut: frame.bytes.toString() } : frame.bytes.toString(),
  );
}

const streams: [string, string, Shown[]][] = [
  ['octet counting', '5 <1>ab8 <2>a\nb c7 <3>abcd', ['<1>ab', '<2>a\nb c', '<3>abcd']],
  ['newlines', '<1>ab\n<2>cd\r\n<3>ef\n', ['<1>ab', '<2>cd', '<3>ef']],
  ['NULs', '<1>ab\0<2>cd\0', ['<1>ab', '<2>cd']],
  ['a last line without its newline', '<1>ab\n<2>cd', ['<1>ab', '<2>cd']],
  ['both, told apart per message', '5 <1>ab<2>cd\n5 <3>ef<4>gh\n', ['<1>ab', '<2>cd', '<3>ef', '<4>gh']],
  ['newlines behind counted messages', '5 <1>ab\n5 <2>cd\n', ['<1>ab', '<2>cd']],
  [
    'lines that begin with a number',
    '0\n17\n18 lines\n1 2026-03-05T11:22:33Z h a - - - x\n',
    ['0', '17', '18 lines', '1 2026-03-05T11:22:33Z h a - - - x'],
  ],
  ['blanks before the PRI', ' <1>a\n   <2>b\n', ['<1>a', '<2>b']],
  ['empty lines', '\n\n<1>a\n\n\n', ['<1>a']],
  ['a count that is longer than the stream', '99 <1>ab', [{ cut: '<1>ab' }]],
  ['a count of ten gigabytes', '10000000000 <1>ab\n<2>cd\n', ['10000000000 <1>ab', '<2>cd']],
  ['a count that is too short', '5 <1>abcd\n<2>ef\n', ['<1>ab', 'cd', '<2>ef']],
  ['a lonely number', '12', ['12']],
  ['a number and a blank', '12 ', ['12 ']],
  ['nothing', '', []],
];
for (const [name, stream, wanted] of streams) {
  test(`${name}, in one piece, in single bytes and in two pieces`, () => {
    assert.deepEqual(framed([stream]), wanted);
    assert.deepEqual(framed(stream.split('')), wanted);
    for (let at = 1; at < stream.length; at++)
      assert.deepEqual(framed([stream.slice(0, at), stream.slice(at)]), wanted, `split at ${at}`);
  });
}

const long: [string, string, Shown[]][] = [
  ['a line', '<1>abcdefghijkl\n<2>x\n', [{ cut: '<1>abcdefg' }, '<2>x']],
  ['a counted message', '15 <1>abcdefghijkl5 <2>xy', [{ cut: '<1>abcdefg' }, '<2>xy']],
  ['a line of just the bound', '<1>abcdefg\n<2>x\n', ['<1>abcdefg', '<2>x']],
  ['a counted message of just the bound', '10 <1>abcdefg5 <2>xy', ['<1>abcdefg', '<2>xy']],
];
for (const [name, stream, wanted] of long) {
  test(`${name} longer than the bound is cut and marked, however it is split`, () => {
    assert.deepEqual(framed([stream], 10), wanted);
    assert.deepEqual(framed(stream.split(''), 10), wanted);
    for (let at = 1; at < stream.length; at++) {
      assert.deepEqual(framed([stream.slice(0, at), stream.slice(at)], 10), wanted, `split at ${at}`);
    }
  });
}

test('messages stay what they are when more of the stream arrives', () => {
  const framing = new StreamFraming(64);
  framing.push(Buffer.from('<1>be'));
  const first = framing.push(Buffer.from('gun\n<2>next'));
  framing.push(Buffer.from(' XXXXXXXXXXXXXXXXXXXXX\n<3>'));
  assert.deepEqual(
    first.map((frame) => frame.bytes.toString()),
    ['<1>begun'],
  );
});

test('a message of 64 KiB that trickles in costs no more than its length', () => {
  const framing = new StreamFraming(65_536);
  const started = performance.now();
  let frames = 0;
  for (let index = 0; index < 262_144; index++) frames += framing.push(Buffer.from('x')).length;
  frames += framing.end().length;
  assert.equal(frames, 1);
  assert.ok(performance.now() - started < 5000);
});

test('random bytes in random pieces give the frames of the whole', () => {
  const alphabet = ['1', '5', '9', '0', ' ', '<', '>', '\n', '\0', '\r', 'a', 'b'];
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  for (let round = 0; round < 2000; round++) {
    const stream = Array.from({ length: random(60) }, () => alphabet[random(alphabet.length)]!).join('');
    const pieces: string[] = [];
    for (let at = 0; at < stream.length;) {
      const length = 1 + random(9);
      pieces.push(stream.slice(at, at + length));
      at += length;
    }
    assert.deepEqual(framed(pieces, 8), framed([stream], 8), JSON.stringify(pieces));
  }
});

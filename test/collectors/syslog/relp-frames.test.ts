import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RelpFrames } from '../../../collectors/syslog/relp/relp-frames.ts';

type Shown = [txnr: number, command: string, data: string, cut?: 'cut'];

function framed(chunks: readonly string[], maxDataBytes = 1024): { frames: Shown[]; malformed: string | undefined } {
  const reader = new RelpFrames(maxDataBytes);
  const frames: Shown[] = [];
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk, 'latin1');
    reader.push(bytes, ({ txnr, command, data, cut }) => {
      frames.push(cut ? [txnr, command, data.toString(), 'cut'] : [txnr, command, data.toString()]);
    });
    // Whoever reads the socket may use its buffer again.
    bytes.fill('?');
  }
  return { frames, malformed: reader.malformed };
}

// As rsyslog's omrelp sends them.
const SESSION =
  '1 open 86 relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog\n' +
  '2 syslog 11 <13>a\nb 1 c\n3 syslog 1 x\n999999999 syslog 5 <1>yz\n4 close 0\n';
const FRAMES: Shown[] = [
  [1, 'open', 'relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog'],
  [2, 'syslog', '<13>a\nb 1 c'],
  [3, 'syslog', 'x'],
  [999999999, 'syslog', '<1>yz'],
  [4, 'close', ''],
];

test('frames are told apart, in one piece, in single bytes and in any two pieces', () => {
  const wanted = { frames: FRAMES, malformed: undefined };
  assert.deepEqual(framed([SESSION]), wanted);
  assert.deepEqual(framed(SESSION.split('')), wanted);
  for (let at = 1; at < SESSION.length; at++) {
    assert.deepEqual(framed([SESSION.slice(0, at), SESSION.slice(at)]), wanted, `split at ${at}`);
  }
});

test('data beyond the bound is passed over, however it is split', () => {
  const stream = '1 syslog 12 abcdefghijkl\n2 syslog 8 exactly8\n3 syslog 2 xy\n';
  const wanted = {
    frames: [
      [1, 'syslog', 'abcdefgh', 'cut'],
      [2, 'syslog', 'exactly8'],
      [3, 'syslog', 'xy'],
    ],
    malformed: undefined,
  };
  assert.deepEqual(framed([stream], 8), wanted);
  assert.deepEqual(framed(stream.split(''), 8), wanted);
  for (let at = 1; at < stream.length; at++) {
    assert.deepEqual(framed([stream.slice(0, at), stream.slice(at)], 8), wanted, `split at ${at}`);
  }
});

const malformed: [string, string, RegExp][] = [
  ['no number', 'open 0\n', /number was expected/],
  ['plain syslog', '<13>hello\n', /number was expected/],
  ['ten digits', '1234567890 open 0\n', /nine digits/],
  ['no command', '1  0\n', /command was expected/],
  ['a command with digits', '1 open2 0\n', /space was expected/],
  ['a command of 33 letters', `1 ${'a'.repeat(33)} 0\n`, /32 letters/],
  ['a length without digits', '1 open x\n', /number was expected/],
  ['a length of ten digits', '1 syslog 9999999999 x', /nine digits/],
  ['data shorter than its length', '1 syslog 5 abc\n2 syslog 1 x\n', /where its length says/],
  ['data longer than its length', '1 syslog 2 abc\n', /where its length says/],
  ['a blank where there is no data', '1 close 0 \n', /where its length says/],
  ['TLS', '\x16\x03\x01\x02\x00', /number was expected/],
];
for (const [name, stream, reason] of malformed) {
  test(`${name}: malformed, and nothing is read any more`, () => {
    for (const chunks of [[stream, '7 syslog 1 x\n'], `${stream}7 syslog 1 x\n`.split('')]) {
      const { frames, malformed } = framed(chunks);
      assert.deepEqual(frames, []);
      assert.match(malformed ?? '', reason);
    }
  });
}

test('a frame that announces a gigabyte holds what has come of it and no more', () => {
  const reader = new RelpFrames(65_536);
  const before = process.memoryUsage().arrayBuffers;
  reader.push(Buffer.from('1 syslog 999999999 '), () => assert.fail());
  const chunk = Buffer.alloc(65_536, 'x');
  for (let sent = 0; sent + chunk.length < 999_999_999; sent += chunk.length) reader.push(chunk, () => assert.fail());
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  assert.equal(reader.malformed, undefined);
  assert.ok(reader.holdsPart);
});

test('random and mutated bytes in random pieces neither throw nor depend on the pieces', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  const alphabet = '0129 \nasyslogopen<>\0';
  for (let round = 0; round < 3000; round++) {
    const bytes = round % 2 === 0 ? SESSION.slice(0, random(SESSION.length)).split('') : [];
    for (let change = random(6); change >= 0; change--) {
      bytes.splice(random(bytes.length + 1), random(2), alphabet[random(alphabet.length)]!);
    }
    const stream = bytes.join('');
    const pieces: string[] = [];
    for (let at = 0; at < stream.length;) {
      const length = 1 + random(12);
      pieces.push(stream.slice(at, at + length));
      at += length;
    }
    assert.deepEqual(framed(pieces, 16), framed([stream], 16), JSON.stringify(pieces));
  }
});

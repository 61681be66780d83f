import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParsedMessage } from '../../../collectors/syslog/message/parsed-message.ts';
import { StampReader } from '../../../collectors/syslog/time/timestamp.ts';

function read(text: string, now = '2026-03-05T11:30:00Z', zoneOffsetMinutes = 0, stamps = new StampReader()): string {
  message.load(Buffer.from(text));
  const arrival = { receivedAtMicros: Date.parse(now) * 1000, zoneOffsetMinutes };
  if (!stamps.read(message.bytes, message.start, arrival)) return 'none';
  const time = Number.isNaN(stamps.micros) ? 'no such date' : new Date(stamps.micros / 1000).toISOString();
  const rest = message.utf8(stamps.end, message.end);
  return `${time}${stamps.yearGuessed ? ' year' : ''}${stamps.zoneGuessed ? ' zone' : ''}|${rest}`;
}
const message = new ParsedMessage();

const forms: [string, string][] = [
  ['Mar  5 11:22:33 host', '2026-03-05T11:22:33.000Z year zone| host'],
  ['Mar 5 11:22:33 host', '2026-03-05T11:22:33.000Z year zone| host'],
  ['Mar 05 11:22:33 host', '2026-03-05T11:22:33.000Z year zone| host'],
  ['MAR  5 11:22:33 host', '2026-03-05T11:22:33.000Z year zone| host'],
  ['Mar  5 11:22:33.456 host', '2026-03-05T11:22:33.456Z year zone| host'],
  ['Mar  5 2025 11:22:33 host', '2025-03-05T11:22:33.000Z zone| host'],
  ['Mar  5, 2025 11:22:33 host', '2025-03-05T11:22:33.000Z zone| host'],
  ['Mar  5 11:22:33 2025 host', '2025-03-05T11:22:33.000Z zone| host'],
  ['2025 Mar  5 11:22:33 host', '2025-03-05T11:22:33.000Z zone| host'],
  ['5 Mar 2025 11:22:33 host', '2025-03-05T11:22:33.000Z zone| host'],
  ['Wed Mar  5 11:22:33 2025 host', '2025-03-05T11:22:33.000Z zone| host'],
  ['Thu, 05 Mar 2026 11:22:33 +0000', '2026-03-05T11:22:33.000Z|'],
  ['Mar  5 11:22:33 CEST host', '2026-03-05T09:22:33.000Z year| host'],
  ['Mar  5 11:22:33.1 EST: %SYS', '2026-03-05T16:22:33.100Z year|: %SYS'],
  ['Mar  5 11:22:33 +0530 host', '2026-03-05T05:52:33.000Z year| host'],
  ['Mar  5 2026 11:22:33+08:00 host', '2026-03-05T03:22:33.000Z| host'],
  ['Mar  5 2026 11:22:33 UTC-3 host', '2026-03-05T14:22:33.000Z| host'],
  ['Mar  5 2026 11:22:33 PM.456 UTC : %', '2026-03-05T23:22:33.456Z| : %'],
  ['Mar  5 2026 12:22:33 AM host', '2026-03-05T00:22:33.000Z zone| host'],
  ['2026-03-05T11:22:33Z host', '2026-03-05T11:22:33.000Z| host'],
  ['2026-03-05t11:22:33z host', '2026-03-05T11:22:33.000Z| host'],
  ['2026-03-05T11:22:33.456789+01:00 host', '2026-03-05T10:22:33.456Z| host'],
  ['2026-03-05T11:22:33-0330 host', '2026-03-05T14:52:33.000Z| host'],
  ['2026-03-05T11:22:33 host', '2026-03-05T11:22:33.000Z zone| host'],
  ['2026-03-05 11:22:33,456 host', '2026-03-05T11:22:33.456Z zone| host'],
  ['2026-03-05 11:22:33.456 +0000  host', '2026-03-05T11:22:33.456Z|  host'],
  ['2026/03/05 11:22:33\tx', '2026-03-05T11:22:33.000Z zone|\tx'],
  ['2026-03-05T11:22Z host', '2026-03-05T11:22:00.000Z| host'],
  ['1772709753.456789000 host', '2026-03-05T11:22:33.456Z| host'],
  ['1772709753 host', '2026-03-05T11:22:33.000Z| host'],
  ['Mar  5 11:22:33host', '2026-03-05T11:22:33.000Z year zone|host'],
  ['Mar  5 11:22:33 UTCHOST', '2026-03-05T11:22:33.000Z year zone| UTCHOST'],
  ['Mar  5 11:22:33 2025host', '2026-03-05T11:22:33.000Z year zone| 2025host'],
  ['Mar  5 11:22:60 host', '2026-03-05T11:23:00.000Z year zone| host'],
  ['Feb 30 11:22:33 host', 'no such date year zone| host'],
  ['2026-02-29T11:22:33Z host', 'no such date| host'],
  ['Mar  5 24:00:00 host', 'none'],
  ['Mar  5 11:60:00 host', 'none'],
  ['Mar  5 11:22:61 host', 'none'],
  ['Mar 32 11:22:33 host', 'none'],
  ['Mar  0 11:22:33 host', 'none'],
  ['2026-13-05T11:22:33Z host', 'none'],
  ['Foo  5 11:22:33 host', 'none'],
  ['March 5 11:22:33 host', 'none'],
  ['Mar 5 host', 'none'],
  ['12345678901 host', 'none'],
  ['', 'none'],
];
for (const [text, wanted] of forms) test(`"${text}" is ${wanted}`, () => assert.equal(read(text), wanted));

test("a stamp of December that arrives in January is last year's", () => {
  assert.match(read('Dec 31 23:59:58 h', '2026-01-01T00:00:03Z'), /^2025-12-31T23:59:58/);
});

test("a stamp of January that arrives in December, from a clock ahead, is next year's", () => {
  assert.match(read('Jan  1 00:00:02 h', '2025-12-31T23:59:57Z'), /^2026-01-01T00:00:02/);
});

test("the device's zone decides on which side of New Year a stamp lies", () => {
  assert.match(read('Jan  1 00:30:00 h', '2025-12-31T23:30:01Z', 60), /^2025-12-31T23:30:00/);
  assert.match(read('Dec 31 19:30:00 h', '2026-01-01T00:30:01Z', -300), /^2026-01-01T00:30:00/);
});

test('29 February is found in a leap year only', () => {
  assert.match(read('Feb 29 10:00:00 h', '2024-02-29T10:00:01Z'), /^2024-02-29T10:00:00/);
  assert.match(read('Feb 29 10:00:00 h', '2024-12-31T10:00:00Z'), /^2024-02-29T10:00:00/);
  assert.match(read('Feb 29 10:00:00 h', '2026-03-01T10:00:00Z'), /^no such date/);
});

test('the default zone is used only where the stamp has none', () => {
  assert.match(read('Mar  5 11:22:33 h', undefined, 120), /^2026-03-05T09:22:33/);
  assert.match(read('Mar  5 11:22:33 UTC h', undefined, 120), /^2026-03-05T11:22:33/);
});

test('what a stamp means does not depend on the stamps that were read before it', () => {
  const arrivals: [string, number][] = [
    ['2026-03-05T11:30:00Z', 0],
    ['2026-03-05T11:30:00Z', -300],
    ['2025-12-31T23:59:00Z', 60],
    ['2026-01-01T00:00:03Z', 0],
    ['2027-03-05T11:30:00Z', 0],
  ];
  const texts = [
    ...forms.map(([text]) => text),
    'Dec 31 23:59:58 h',
    'Jan  1 00:00:02 h',
    'Jan 01 2026 00:00:02: h',
    'Mar 05 2026 11:22:33.5: h',
    'Mar 05 1:22 host',
    'Mar 05 1:22 11:22:33 host',
    'Mar 05 11:22:33.456 2024 h',
    'Mar 05 11:22:33 pm h',
    '2026-03-05T11:22:33.999999Z h',
    '2026-03-05T23:59:60Z h',
    '2026-03-06T00:00:00Z h',
    '2025-03-05T11:22:33Z h',
  ];
  const shared = new StampReader();
  for (const before of texts) {
    for (const text of texts) {
      for (const [now, zone] of arrivals) {
        read(before, now, zone, shared);
        assert.equal(read(text, now, zone, shared), read(text, now, zone), `${text} behind ${before} at ${now}`);
        assert.equal(read(text, arrivals[0]![0], 0, shared), read(text, arrivals[0]![0], 0));
      }
    }
  }
});

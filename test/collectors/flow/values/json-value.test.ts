import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';

import { ELEMENT_TYPES, type ElementType } from '../../../../collectors/flow/elements/element-type.ts';
import { maxJsonBytes, writeJsonKey, writeJsonValue } from '../../../../collectors/flow/values/json-value.ts';

/** The text of a field, with a guard of untouched bytes around what may be written. */
function textOf(type: ElementType | undefined, bytes: Buffer): string {
  const guard = 7;
  const source = Buffer.concat([Buffer.alloc(guard, 0xaa), bytes, Buffer.alloc(guard, 0xbb)]);
  const bound = maxJsonBytes(type, bytes.length);
  const out = Buffer.alloc(guard + bound + guard, 0xee);
  const end = writeJsonValue(type, source, guard, bytes.length, out, guard);
  assert.ok(end <= guard + bound, `${type} of ${bytes.toString('hex')} stays within its bound`);
  assert.ok(out.subarray(0, guard).every((byte) => byte === 0xee) && out.subarray(end).every((byte) => byte === 0xee));
  return out.toString('utf8', guard, end);
}

function hex(type: ElementType | undefined, digits: string): string {
  return textOf(type, Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('unsigned integers of every length keep all their digits', () => {
  assert.equal(hex('unsigned8', '00'), '0');
  assert.equal(hex('unsigned8', 'ff'), '255');
  assert.equal(hex('unsigned16', '01bb'), '443');
  assert.equal(hex('unsigned32', '010203'), '66051');
  assert.equal(hex('unsigned32', 'ffffffff'), '4294967295');
  assert.equal(hex('unsigned64', '0000000100'), '256');
  assert.equal(hex('unsigned64', '3b9aca00'), '1000000000');
  assert.equal(hex('unsigned64', '0020000000000000'), '9007199254740992');
  assert.equal(hex('unsigned64', '0020000000000001'), '9007199254740993');
  assert.equal(hex('unsigned64', 'ffffffffffffffff'), '18446744073709551615');
  assert.equal(hex('unsigned16', '0000000000000102'), '258');
});

test('signed integers are two’s complement at the length that was sent', () => {
  assert.equal(hex('signed32', 'ff'), '-1');
  assert.equal(hex('signed32', '80000000'), '-2147483648');
  assert.equal(hex('signed64', 'fffffffffffffe'), '-2');
  assert.equal(hex('signed64', 'ffffffff00000000'), '-4294967296');
  assert.equal(hex('signed64', '8000000000000000'), '-9223372036854775808');
  assert.equal(hex('signed64', '7fffffffffffffff'), '9223372036854775807');
});

test('random integers agree with BigInt', () => {
  const random = generator(1);
  for (let round = 0; round < 20_000; round += 1) {
    const length = 1 + Math.floor(random() * 8);
    const bytes = Buffer.from(Array.from({ length }, () => (random() < 0.3 ? 0 : Math.floor(random() * 256))));
    const unsigned = BigInt(`0x${bytes.toString('hex')}`);
    assert.equal(textOf('unsigned64', bytes), unsigned.toString());
    assert.equal(textOf('signed64', bytes), BigInt.asIntN(length * 8, unsigned).toString());
  }
});

test('an integer longer than eight bytes is given as hexadecimal, unless its type is that wide', () => {
  assert.equal(hex('unsigned64', '000000000000000001'), '"000000000000000001"');
  assert.equal(hex('unsigned256', '010000000000000000'), '18446744073709551616');
  assert.equal(hex('unsigned256', 'ff'.repeat(32)), (2n ** 256n - 1n).toString());
});

test('floats are numbers, and null where JSON has none', () => {
  assert.equal(hex('float64', '3ff8000000000000'), '1.5');
  assert.equal(hex('float64', '3fc00000'), '1.5'); // reduced to a float32
  assert.equal(hex('float32', 'bf800000'), '-1');
  assert.equal(hex('float64', '7ff0000000000000'), 'null');
  assert.equal(hex('float32', '7fc00000'), 'null');
  assert.equal(JSON.parse(hex('float64', '8010000000000000')), -2.2250738585072014e-308);
});

test('a boolean is 1 for true and 2 for false', () => {
  assert.equal(hex('boolean', '01'), 'true');
  assert.equal(hex('boolean', '02'), 'false');
  assert.equal(hex('boolean', '00'), 'null');
});

test('addresses and MACs are text, and hexadecimal where the length is not theirs', () => {
  assert.equal(hex('ipv4Address', 'c0000201'), '"192.0.2.1"');
  assert.equal(hex('ipv4Address', 'ffffffff'), '"255.255.255.255"');
  assert.equal(hex('ipv4Address', 'c00002'), '"c00002"');
  assert.equal(hex('macAddress', '00005e0053af'), '"00:00:5e:00:53:af"');
  assert.equal(hex('macAddress', '00005e00530001ff'), '"00005e00530001ff"');
  assert.equal(hex('ipv6Address', 'c0000201'), '"c0000201"');
});

test('IPv6 addresses are written as RFC 5952 says', () => {
  // Its own examples: sections 1, 4.1, 4.2.2, 4.2.3, 4.3 and 5.
  assert.equal(hex('ipv6Address', '20010db8 00000000 00010000 00000001'), '"2001:db8::1:0:0:1"');
  assert.equal(hex('ipv6Address', '20010db8 00000001 00010001 00010001'), '"2001:db8:0:1:1:1:1:1"');
  assert.equal(hex('ipv6Address', '20010000 00000001 00000000 00000001'), '"2001:0:0:1::1"');
  assert.equal(hex('ipv6Address', '00000000 00000000 0000ffff c0000201'), '"::ffff:192.0.2.1"');
  assert.equal(hex('ipv6Address', '00'.repeat(16)), '"::"');
  assert.equal(hex('ipv6Address', `${'00'.repeat(15)}01`), '"::1"');
  assert.equal(hex('ipv6Address', `20010db8${'00'.repeat(12)}`), '"2001:db8::"');
  assert.equal(hex('ipv6Address', '0001000200030004 0005000600070008'), '"1:2:3:4:5:6:7:8"');
});

test('random IPv6 addresses read back as the same address, in the form that the operating system writes', () => {
  const random = generator(2);
  for (let round = 0; round < 5000; round += 1) {
    const groups = Array.from({ length: 8 }, () => (random() < 0.5 ? 0 : Math.floor(random() * 0x1_00_00)));
    groups[0] = (groups[0] ?? 0) | 0x20_00; // (outside ::/16 nobody writes dotted decimals)
    const long = groups.map((group) => group.toString(16)).join(':');
    const bytes = Buffer.alloc(16);
    for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, index * 2);
    assert.equal(
      textOf('ipv6Address', bytes),
      JSON.stringify(new SocketAddress({ family: 'ipv6', address: long }).address),
    );
  }
});

test('times are RFC 3339 in UTC with as many digits as their type tells apart', () => {
  assert.equal(hex('dateTimeSeconds', '00000000'), '"1970-01-01T00:00:00Z"');
  assert.equal(hex('dateTimeSeconds', '38d4fe43'), '"2000-03-19T16:20:19Z"');
  assert.equal(hex('dateTimeSeconds', 'ffffffff'), '"2106-02-07T06:28:15Z"');
  assert.equal(hex('dateTimeMilliseconds', '0000000000000001'), '"1970-01-01T00:00:00.001Z"');
  assert.equal(hex('dateTimeSeconds', '38bb0c00'), '"2000-02-29T00:00:00Z"'); // the last day of 400 years
  // A leap day, 1582934400000 ms.
  assert.equal(hex('dateTimeMilliseconds', '000001708e3e1c00'), '"2020-02-29T00:00:00.000Z"');
});

test('a time beyond the year 9999 stays a number', () => {
  assert.equal(hex('dateTimeMilliseconds', 'ffffffffffffffff'), '18446744073709551615');
  assert.equal(hex('dateTimeSeconds', '0000003afff44180'), '253402300800');
  assert.equal(hex('dateTimeSeconds', '0000003afff4417f'), '"9999-12-31T23:59:59Z"');
});

test('random times agree with Date', () => {
  const random = generator(3);
  for (let round = 0; round < 5000; round += 1) {
    const millis = Math.floor(random() * 253_402_300_800_000);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(millis));
    assert.equal(textOf('dateTimeMilliseconds', bytes), JSON.stringify(new Date(millis)));
  }
});

test('micro- and nanoseconds are NTP times: seconds since 1900 and 2^32nd parts', () => {
  // 2208988800 = 0x83aa7e80 is the Unix epoch (RFC 5905 figure 4); 0x80000000 parts are half a second.
  assert.equal(hex('dateTimeMicroseconds', '83aa7e80 00000000'), '"1970-01-01T00:00:00.000000Z"');
  assert.equal(hex('dateTimeNanoseconds', '83aa7e80 80000000'), '"1970-01-01T00:00:00.500000000Z"');
  // The last second of NTP's first era and the first of its second: 2036-02-07 06:28:16 (RFC 4330 section 3).
  assert.equal(hex('dateTimeMicroseconds', 'ffffffff 00000000'), '"2036-02-07T06:28:15.000000Z"');
  assert.equal(hex('dateTimeMicroseconds', '00000000 00000000'), '"2036-02-07T06:28:16.000000Z"');
  // One nanosecond is 4.29 parts.
  assert.equal(hex('dateTimeNanoseconds', '83aa7e80 00000004'), '"1970-01-01T00:00:00.000000001Z"');
});

test('the lowest 11 bits of a microsecond fraction are ignored, and rounding carries into the second', () => {
  assert.equal(hex('dateTimeMicroseconds', '83aa7e80 00000fff'), '"1970-01-01T00:00:00.000000Z"');
  assert.equal(hex('dateTimeNanoseconds', '83aa7e80 ffffffff'), '"1970-01-01T00:00:01.000000000Z"');
});

test('each microsecond survives the way through an exporter that cuts its fraction to 21 bits', () => {
  for (let micros = 0; micros < 1_000_000; micros += 101) {
    const bytes = Buffer.from('83aa7e8000000000', 'hex');
    bytes.writeUInt32BE(Number(((BigInt(micros) << 32n) / 1_000_000n) & 0xff_ff_f8_00n), 4);
    assert.equal(textOf('dateTimeMicroseconds', bytes).slice(21, 27), String(micros).padStart(6, '0'));
  }
});

test('strings lose the NULs that pad them, and what JSON must escape is escaped', () => {
  assert.equal(textOf('string', Buffer.from('eth0\0\0\0\0')), '"eth0"');
  assert.equal(textOf('string', Buffer.from('a\0b')), '"ab"');
  assert.equal(textOf('string', Buffer.from('é\0b\0')), '"éb"');
  assert.equal(textOf('string', Buffer.from('\0\0')), '""');
  const awkward = 'quote " backslash \\ tab \t newline \n bell \u0007 delete \u007f end';
  assert.equal(JSON.parse(textOf('string', Buffer.from(awkward))), awkward);
  assert.equal(JSON.parse(textOf('string', Buffer.from(`ü${awkward}`))), `ü${awkward}`);
  assert.equal(JSON.parse(textOf('string', Buffer.from('接口 😀'))), '接口 😀');
});

test('bytes that are not UTF-8 become replacement characters', () => {
  assert.equal(hex('string', '61ff62'), '"a\ufffdb"');
  assert.equal(hex('string', 'e282'), '"\ufffd"');
  assert.equal(hex('string', 'eda080'), '"\ufffd\ufffd\ufffd"'); // a surrogate
});

test('octet arrays, lists and unknown types are hexadecimal, and no bytes are null', () => {
  assert.equal(hex('octetArray', '00ff10'), '"00ff10"');
  assert.equal(hex(undefined, 'deadbeef'), '"deadbeef"');
  assert.equal(hex('basicList', '0300'), '"0300"');
  for (const type of [undefined, ...ELEMENT_TYPES]) assert.equal(textOf(type, Buffer.alloc(0)), 'null');
});

test('whatever the bytes, the text is JSON that jsonb takes, and no longer than promised', () => {
  const random = generator(4);
  for (const type of [undefined, ...ELEMENT_TYPES]) {
    for (let length = 0; length <= 40; length += 1) {
      for (let round = 0; round < 20; round += 1) {
        const style = random();
        const bytes = Buffer.from(
          Array.from({ length }, () => (style < 0.3 ? 0xff : Math.floor(random() * (style < 0.6 ? 32 : 256)))),
        );
        const text = textOf(type, bytes);
        assert.doesNotThrow(() => JSON.parse(text), `${type} ${bytes.toString('hex')} gave ${text}`);
        assert.ok(!text.includes(String.raw`\u0000`) && text === text.toWellFormed());
      }
    }
  }
});

test('a key is the quoted name and a colon', () => {
  assert.equal(writeJsonKey('octetDeltaCount').toString(), '"octetDeltaCount":');
  assert.equal(writeJsonKey('a"b').toString(), String.raw`"a\"b":`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSyslog } from '../../../collectors/syslog/parse.ts';
import { SYSLOG_DIALECTS, type SyslogDialect } from '../../../src/traffic/syslog/dialects/dialects.ts';
import { createSyslogLoad } from '../../../src/traffic/syslog/syslog-load.ts';

const NOW_MS = Date.UTC(2026, 2, 5, 11, 22, 33, 456);

/** What the parser must call each: format, dialect, vendor. `-` is nothing. */
const EXPECTED: Record<SyslogDialect, readonly string[]> = {
  bsd: ['rfc3164 - -'],
  rfc5424: ['rfc5424 - -'],
  'cisco-ios': ['cisco cisco cisco'],
  'cisco-asa': ['rfc3164 cisco cisco'],
  juniper: ['rfc3164 juniper juniper', 'rfc5424 structured juniper'],
  fortinet: ['rfc3164 fortinet fortinet'],
  'palo-alto': ['rfc3164 palo-alto palo-alto'],
  arista: ['rfc3164 cisco arista'],
  huawei: ['rfc3164 huawei huawei'],
  mikrotik: ['rfc3164 mikrotik mikrotik'],
  cef: ['rfc3164 cef Example'],
  leef: ['rfc3164 leef Example'],
  windows: ['rfc3164 windows microsoft', 'rfc5424 windows microsoft'],
};

function parse(bytes: Buffer) {
  const zoneOffsetMinutes = -new Date(NOW_MS).getTimezoneOffset();
  return parseSyslog(bytes, { receivedAtMicros: NOW_MS * 1000, zoneOffsetMinutes });
}

for (const dialect of SYSLOG_DIALECTS) {
  test(`messages of ${dialect} are recognised as such, with the time of now and their number in the text`, () => {
    const load = createSyslogLoad({ dialect, devices: 3, firstSequence: 4_000_000_123 });
    const seen = new Set<string>();
    for (let index = 0; index < 300; index += 1) {
      const { bytes } = load.next(index % 3, NOW_MS);
      const { format, dialect: recognised = '-', vendor = '-', ...message } = parse(bytes);
      seen.add(`${format} ${recognised} ${vendor}`);
      assert.equal(message.reason, undefined, bytes.toString());
      assert.notEqual(message.severity, undefined);
      assert.match(message.hostname ?? '', /-00[123](\.example\.com)?$/);
      assert.equal(/seq=(\d+)/.exec(message.text)?.[1], String(4_000_000_123 + index), bytes.toString());
      assert.equal(Math.floor((message.timestampMicros ?? 0) / 1e6), Math.floor(NOW_MS / 1000), bytes.toString());
    }
    assert.deepEqual([...seen].sort(), [...EXPECTED[dialect]].sort());
  });
}

test('a mix holds every dialect, whether many devices speak or one', () => {
  for (const devices of [1, 5, 13, 40]) {
    const load = createSyslogLoad({ dialect: 'mix', devices });
    const seen = new Set<string | undefined>();
    for (let index = 0; index < 200; index += 1) seen.add(load.dialects[load.next(index % devices, NOW_MS).dialect]);
    assert.deepEqual(seen, new Set(SYSLOG_DIALECTS), `${devices} devices`);
  }
});

test('the same seed gives the same messages, another one gives others', () => {
  const textOf = (seed: number) => {
    const load = createSyslogLoad({ dialect: 'mix', devices: 7, seed });
    return Array.from({ length: 100 }, (_, index) => load.next(index % 7, NOW_MS).bytes.toString());
  };
  assert.deepEqual(textOf(7), textOf(7));
  assert.notDeepEqual(textOf(7), textOf(8));
});

test('the time of a message is that of its sending, also in the next year', () => {
  const load = createSyslogLoad({ dialect: 'mix', devices: 1 });
  for (const nowMs of [NOW_MS, NOW_MS + 1, NOW_MS + 400 * 86_400_000]) {
    for (let index = 0; index < 2100; index += 1) {
      const { bytes } = load.next(0, nowMs);
      const { timestampMicros = 0 } = parseSyslog(bytes, {
        receivedAtMicros: nowMs * 1000,
        zoneOffsetMinutes: -new Date(nowMs).getTimezoneOffset(),
      });
      assert.equal(Math.floor(timestampMicros / 1e6), Math.floor(nowMs / 1000), bytes.toString());
    }
  }
});

test('all addresses are out of ranges for documentation', () => {
  const load = createSyslogLoad({ dialect: 'mix', devices: 40 });
  for (let index = 0; index < 2000; index += 1) {
    const line = load.next(index % 40, NOW_MS).bytes.toString();
    for (const [address] of line.matchAll(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g))
      assert.match(address, /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/, line);
    for (const [mac] of line.matchAll(/[\da-f]{2}(?::[\da-f]{2}){5}/g)) assert.match(mac, /^00:00:5e:00:53:/);
  }
});

test('a size fills shorter messages up, and they stay what they are', () => {
  for (const dialect of SYSLOG_DIALECTS) {
    const load = createSyslogLoad({ dialect, devices: 1, size: 1200 });
    for (let index = 0; index < 20; index += 1) {
      const { bytes } = load.next(0, NOW_MS);
      const message = parse(bytes);
      assert.equal(bytes.length, 1200);
      assert.ok(EXPECTED[dialect].some((each) => each.startsWith(`${message.format} ${message.dialect ?? '-'} `)));
      assert.equal(Number(/seq=(\d+)/.exec(message.text)?.[1]), index);
    }
  }
});

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { StreamFraming } from '../../../collectors/syslog/framing.ts';
import type { SyslogMessage } from '../../../collectors/syslog/message.ts';
import { parseSyslog } from '../../../collectors/syslog/parse.ts';

/** Messages of real devices, collected from the test suites of other projects; not part of this repository. */
const CORPUS = new URL('../../../../shared/corpus/syslog/', import.meta.url);

/** What the source asserts of a message; the other keys are compared one by one. */
interface Expected {
  readonly [key: string]: unknown;
  readonly frames?: readonly Expected[];
  readonly rejected?: boolean;
  readonly timestamp?: string | null;
  readonly timestamp_any?: readonly string[];
  readonly timestamp_precision?: string;
}

/** One line of a source's `cases.jsonl`, as far as it is used here. */
interface Case {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly tier: 'must' | 'dialect' | 'peer';
  readonly raw_base64: string;
  readonly params: Readonly<Record<string, string>>;
  readonly expected: Expected;
}

/**
 * How many cases may differ: sources contradict each other (a tag without a colon; whose clock counts), assert the year
 * of their own test run, or take a host name out of the middle of a sentence. Each that differs is told.
 */
const MAY_DIFFER = 17;

test(
  'messages of real devices give what their sources assert',
  { skip: !existsSync(CORPUS) && 'no corpus here' },
  (t) => {
    const differing: string[] = [];
    for (const each of cases()) {
      // A peer's choice is read, not obeyed: it must parse, whatever comes out.
      if (each.tier === 'peer') messagesOf(each);
      else {
        try {
          check(each);
        } catch (error) {
          differing.push(`${each.id}: ${error instanceof Error ? error.message.slice(0, 400) : String(error)}`);
        }
      }
    }
    for (const line of differing) t.diagnostic(line);
    assert.ok(differing.length <= MAY_DIFFER, differing.join('\n'));
  },
);

function* cases(): Generator<Case> {
  for (const source of readdirSync(CORPUS)) {
    const text = readFileSync(new URL(`${source}/cases.jsonl`, CORPUS), 'utf8');
    for (const line of text.trim().split('\n')) yield JSON.parse(line);
  }
}

function check(each: Case): void {
  const messages = messagesOf(each);
  const frames = each.expected.frames;
  if (frames !== undefined) assert.equal(messages.length, frames.length);
  for (const [index, expected] of (frames ?? [each.expected]).entries()) {
    const { message, bytes } = messages[index]!;
    const show = `${bytes.toString().slice(0, 300)}\n${JSON.stringify(message)}`;
    if (expected.rejected === true) assert.notEqual(message.reason, undefined, show);
    for (const [key, value] of Object.entries(expected)) compare(key, value, message, bytes, each, expected, show);
  }
}

function messagesOf(each: Case): { message: SyslogMessage; bytes: Buffer }[] {
  const raw = Buffer.from(each.raw_base64, 'base64');
  const bytes = each.kind === 'sd-element' ? Buffer.concat([Buffer.from('<13>1 - - - - - '), raw]) : raw;
  const isStream = each.kind === 'octet-counted' || each.kind === 'non-transparent';
  return (isStream ? framesOf(bytes) : [bytes]).map((frame) => ({
    message: parseSyslog(frame, arrivalOf(each)),
    bytes: frame,
  }));
}

function framesOf(stream: Buffer): Buffer[] {
  const framing = new StreamFraming(65_536);
  return [...framing.push(stream), ...framing.end()].map((frame) => frame.bytes);
}

/** The source's reference clock; its zone is the one of January, when all of these zones have standard time. */
function arrivalOf(each: Case): { receivedAtMicros: number; zoneOffsetMinutes: number } {
  const zones: Record<string, number> = { UTC: 0, 'Europe/Paris': 60, 'America/Detroit': -300, 'Europe/Athens': 120 };
  const zone = String(each.expected['hostname']).startsWith('tzfny')
    ? -300
    : String(each.expected['hostname']).startsWith('tzfchi')
      ? -360
      : 0;
  const now =
    each.params['now'] ?? (each.params['year_rule'] === undefined ? '2026-03-05T11:22:33Z' : '2020-10-01T00:00:00Z');
  return {
    receivedAtMicros: Date.parse(now) * 1000,
    zoneOffsetMinutes: zones[each.params['default_tz'] ?? ''] || zone,
  };
}

const plainKeys: Record<string, keyof SyslogMessage> = {
  facility: 'facility',
  severity: 'severity',
  version: 'version',
  hostname: 'hostname',
  appname: 'appName',
  procid: 'procId',
  msgid: 'msgId',
  format: 'format',
};

function compare(
  key: string,
  value: unknown,
  message: SyslogMessage,
  bytes: Buffer,
  each: Case,
  expected: Expected,
  show: string,
): void {
  const plain = plainKeys[key];
  if (plain !== undefined) {
    const found = message[plain] ?? null;
    // The source folds the case of host names.
    if (each.id.startsWith('sc4s') && typeof found === 'string')
      assert.equal(found.toLowerCase(), String(value).toLowerCase(), show);
    else assert.equal(found, value, show);
  } else if (key === 'message') {
    if (typeof value === 'object' && value !== null) assert.ok(message.lossy, show);
    else assert.equal(message.text, value ?? '', show);
  } else if (key === 'structured_data') assert.deepEqual(message.structuredData ?? null, value, show);
  else if (key === 'structured_data_raw') assert.equal(message.structuredData === undefined, value === null, show);
  else if (key === 'rest_after_pri') assert.equal(bytes.toString().replace(/^<\d+>/, ''), value, show);
  else if (key === 'timestamp' && expected.timestamp !== undefined)
    compareTime(expected.timestamp, message, arrivalOf(each).zoneOffsetMinutes, expected, show);
  else if (key === 'timestamp_any') compareAny(expected.timestamp_any ?? [], message, show);
}

/** `--10-11T22:14:15` had no year on the wire; a time without suffix had no zone. */
function compareTime(
  value: string | null,
  message: SyslogMessage,
  zoneMinutes: number,
  expected: Expected,
  show: string,
): void {
  if (value === null) return assert.equal(message.timestampMicros, undefined, show);
  assert.notEqual(message.timestampMicros, undefined, show);
  const micros = message.timestampMicros!;
  if (value.startsWith('--')) {
    const local = new Date(micros / 1000 + zoneMinutes * 60_000).toISOString();
    return assert.equal(local.slice(5, 19), value.slice(2, 16), show);
  }
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(value);
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '';
  const seconds = Date.parse(value.replace(/\.\d+/, '').replace(/(?<=\d)$/, (end) => (hasZone ? end : 'Z')));
  const wanted = (seconds - (hasZone ? 0 : zoneMinutes * 60_000)) * 1000 + Number(fraction.padEnd(6, '0'));
  const unit = expected.timestamp_precision === undefined ? 1 : fraction === '' ? 1e6 : fraction.length <= 3 ? 1e3 : 1;
  assert.equal(
    new Date((Math.floor(micros / unit) * unit) / 1000).toISOString(),
    new Date(wanted / 1000).toISOString(),
    show,
  );
  if (unit === 1) assert.equal(micros, wanted, show);
}

function compareAny(values: readonly string[], message: SyslogMessage, show: string): void {
  const micros = message.timestampMicros ?? 0;
  const found = values.some((value) => {
    const wanted = Number(value.replace('.', '').padEnd(16, '0'));
    return wanted === micros;
  });
  assert.ok(found, show);
}

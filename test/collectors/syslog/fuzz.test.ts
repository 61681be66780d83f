import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseSyslog } from '../../../collectors/syslog/parse.ts';

const CORPUS = new URL('../../../../shared/corpus/syslog/', import.meta.url);
const ARRIVAL = { receivedAtMicros: Date.parse('2026-03-05T11:30:00Z') * 1000, zoneOffsetMinutes: 60 };

/** Own samples, of every path through the parser, for where the corpus is absent. */
const SAMPLES = [
  '<34>1 2003-10-11T22:14:15.003Z h a 1 m [x@1 a="b\\"c" d="e"][y f="g"] text',
  '<189>20: rtr1: 634: .Mar  5 11:22:33.456 CET: %SYS-5-CONFIG_I: Configured',
  '<189>date=2026-03-05 time=12:22:33 devname="FG-1" devid="FG" logid="1" msg="a \\" b"',
  '<13>Mar  5 11:22:33 h CEF:0|A|P|1|1|n|1|a=b c d=e \\= f',
  '<13>Mar  5 11:22:33 h LEEF:2.0|A|P|1|1|^|a=b^c=d',
  '<14>Mar  5 11:22:33 pa1 1,2026/03/05 11:22:33,1,TRAFFIC,end,1,2026/03/05 11:22:33,"a ""b""",c',
  '<189>Mar  5 2026 11:22:33+08:00 NE40 %%01IFNET/4/LINK_STATE(l)[12]:down',
  '<13>{"timestamp":"2026-03-05T11:22:33.5Z","a":{"b":1}}',
].map((text) => Buffer.from(text));

function samples(): Buffer[] {
  if (!existsSync(CORPUS)) return SAMPLES;
  const cases = readdirSync(CORPUS).flatMap((source) =>
    readFileSync(new URL(`${source}/cases.jsonl`, CORPUS), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const each: { raw_base64: string } = JSON.parse(line);
        return Buffer.from(each.raw_base64, 'base64');
      }),
  );
  return [...SAMPLES, ...cases.map((bytes) => bytes.subarray(0, 2048))];
}

let seed = 7;
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return Math.floor((seed / 0x80000000) * below);
}

/** What holds of every message, whatever the bytes were. */
function parseAndCheck(bytes: Buffer): void {
  const message = parseSyslog(bytes, ARRIVAL);
  assert.ok(message.facility === undefined || (message.facility >= 0 && message.facility <= 23));
  assert.ok(message.severity === undefined || (message.severity >= 0 && message.severity <= 7));
  const micros = message.timestampMicros;
  assert.ok(micros === undefined || Number.isSafeInteger(micros), String(micros));
  assert.equal((message.fields?.length ?? 0) % 2, 0);
  for (const value of message.fields ?? []) assert.ok(!value.includes('\0') && value.isWellFormed());
  for (const name of [
    message.hostname,
    message.appName,
    message.procId,
    message.msgId,
    message.mnemonic,
    message.vendor,
  ]) {
    assert.ok(name === undefined || typeof name === 'string');
  }
  assert.ok(message.text.length <= bytes.length);
  assert.ok(!message.text.includes('\0'));
}

test('every sample, cut at every length up to 400, is parsed', () => {
  for (const sample of samples()) {
    for (let length = 0; length <= Math.min(sample.length, 400); length += sample.length > 200 ? 3 : 1)
      parseAndCheck(sample.subarray(0, length));
  }
});

test('samples with changed, removed and doubled bytes are parsed', () => {
  const all = samples();
  const telling = Buffer.from(' \t\0"\\[]{}=,;:|%<>-1aZ\xff\xc3', 'latin1');
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(all[random(all.length)]!);
    for (let change = random(6); change >= 0 && bytes.length > 0; change--) {
      const at = random(bytes.length);
      if (random(4) === 0) bytes.copyWithin(at, random(bytes.length));
      else bytes[at] = random(2) === 0 ? random(256) : telling[random(telling.length)]!;
    }
    parseAndCheck(bytes);
  }
});

test('random bytes are parsed', () => {
  for (let round = 0; round < 5000; round++)
    parseAndCheck(Buffer.from(Array.from({ length: random(200) }, () => random(256))));
});

/** Prefix, and what is repeated to 256 KiB behind it: each aims at a loop inside a loop. */
const HOSTILE: [string, string][] = [
  ['', ' '],
  ['', '<'],
  ['', '9'],
  ['', '9: '],
  ['', '\0'],
  ['', '\n'],
  ['<13>', ':'],
  ['<13>', 'a: '],
  ['<13>', '*'],
  ['<13>1 - h a - - ', '[a b="c"]'],
  ['<13>1 - h a - - ', '[a '],
  ['<13>1 - h a - - [a ', 'b="c" '],
  ['<13>1 - h a - - [a b="', '\\"'],
  ['<13>1 - h a - - [a', ' '],
  ['<13>1 - h a - - [a', 'b:"c"; '],
  ['<13>Mar  5 11:22:33 h ', '['],
  ['<13>Mar  5 11:22:33 h ', 'a['],
  ['<13>Mar  5 11:22:33 h ', '%A-'],
  ['<13>Mar  5 11:22:33 h CEF:0|a|b|c|d|e|f|', 'a=b '],
  ['<13>Mar  5 11:22:33 h CEF:0|', '\\|'],
  ['<13>Mar  5 11:22:33 h LEEF:2.0|a|b|c|d|', 'a=b\t'],
  ['<13>Mar  5 11:22:33 h ', 'a="'],
  ['<13>Mar  5 11:22:33 h a=\'b="', '\\"'],
  ['<13>Mar  5 11:22:33 h ', 'a=b '],
  ['<13>Mar  5 11:22:33 h ', 'a=\' b=" '],
  ['<13>Mar  5 11:22:33 h 1,2026/03/05 11:22:33', ','],
  ['<13>Mar  5 11:22:33 h 1,2026/03/05 11:22:33,', '"'],
  ['<13>', '{"a":'],
  ['<13>{"a":', '['],
  ['<13>Mar  5 11:22:33 h firewall,info ', 'a, '],
  ['<13>Mar  5 11:22:33 h MSWinEventLog', '\t'],
  ['<13>Mar  5 11:22:33 h %%10', 'A/'],
  ['<13>5: Mar  5 11:22:33: %UC_A-1-B: %', '[a=b]'],
  ['<13>5: Mar  5 11:22:33: %Viptela-a-1-B: ', 'host-name:"'],
  ['<181>Mar  5 11:22:33 h CISE_A 1 1 0 ', ', '],
  ['<13>Mar  5 11:22:33 h 1772709753.456 ', 'TCP_'],
];
for (const [prefix, repeated] of HOSTILE) {
  test(`"${prefix}" and 256 KiB of ${JSON.stringify(repeated)} are parsed in linear time`, () => {
    const bytes = Buffer.from(prefix + repeated.repeat(262_144 / repeated.length));
    const started = performance.now();
    parseAndCheck(bytes);
    // Anything quadratic takes tens of seconds here.
    assert.ok(performance.now() - started < 2000);
  });
}

import assert from 'node:assert/strict';
import { createCipheriv, createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { SecurityResult } from '../../../../collectors/snmp/security.ts';
import { keyOfPassword, localiseKey } from '../../../../collectors/snmp/usm/crypto/keys.ts';
import { AUTH_ALGORITHMS } from '../../../../collectors/snmp/usm/crypto/protocols.ts';
import { outlineOf, readSecurityParameters } from '../../../../collectors/snmp/usm/message/security-parameters.ts';
import { UsmProcessor } from '../../../../collectors/snmp/usm/usm-processor.ts';
import type { UsmOptions } from '../../../../collectors/snmp/usm/usm-options.ts';
import { NET_SNMP_TRAPS, NET_SNMP_USERS } from '../../../support/net-snmp-traps.ts';
import { sourceAt, StandingEngine, v3MessageOf } from '../../../support/snmp-v3.ts';

const { ops } = NET_SNMP_USERS;
const engine = new StandingEngine();
const OWN = engine.engineId.toString('hex');

/** linkDown as an InformRequest-PDU with request-id 0x1234, in a ScopedPDU without a context. */
const INFORM_PDU =
  '303b04000400a635020212340201000201003029300e06082b06010201010300430212673017060a2b06010603010104010006092b06010603' +
  '01010503';

function element(tag: string, content: string): string {
  const length = content.length / 2;
  const octets = length < 128 ? length.toString(16).padStart(2, '0') : `81${length.toString(16).padStart(2, '0')}`;
  return tag + octets + content;
}

function integer(value: number): string {
  return element('02', value.toString(16).padStart(8, '0'));
}

interface Inform {
  readonly engineId?: string;
  readonly user?: string;
  readonly boots?: number;
  readonly time?: number;
  /** msgFlags; 5 is authNoPriv and reportable. */
  readonly flags?: number;
  readonly password?: string;
  readonly pdu?: string;
  readonly salt?: string;
}

/** An inform made by hand (RFC 3412 section 6, RFC 3414 section 2.4), signed with HMAC-SHA-256-192. */
function inform(options: Inform = {}): Buffer {
  const { engineId = OWN, user = 'ops', boots = engine.boots, time = engine.seconds, flags = 5, salt = '' } = options;
  const mac = (flags & 1) === 0 ? '' : '00'.repeat(24);
  const name = Buffer.from(user).toString('hex');
  const parameters =
    element('04', engineId) +
    integer(boots) +
    integer(time) +
    element('04', name) +
    element('04', mac) +
    element('04', salt);
  const header = integer(77) + integer(65_507) + element('04', flags.toString(16).padStart(2, '0')) + integer(3);
  const body =
    integer(3) + element('30', header) + element('04', element('30', parameters)) + (options.pdu ?? INFORM_PDU);
  const bytes = Buffer.from(element('30', body), 'hex');
  if (mac === '') return bytes;
  const key = keyFor(engineId, options.password);
  const at = bytes.indexOf(mac, 0, 'hex');
  createHmac('sha256', key).update(bytes).digest().copy(bytes, at, 0, 24);
  return bytes;
}

function keyFor(engineId: string, password: string = ops.auth.password): Buffer {
  const algorithm = AUTH_ALGORITHMS['SHA-256'];
  return localiseKey(algorithm, keyOfPassword(algorithm, Buffer.from(password)), Buffer.from(engineId, 'hex'));
}

function processorOf(options: Partial<UsmOptions> = {}): UsmProcessor {
  return new UsmProcessor({ users: [ops], ...options }, engine);
}

function process(processor: UsmProcessor, bytes: Buffer, seconds?: number): SecurityResult {
  const message = v3MessageOf(bytes);
  assert.ok(message);
  return processor.process(message, sourceAt(seconds));
}

/** What a sender reads in a report of ours. */
function readReport(result: SecurityResult) {
  assert.equal(result.kind, 'report', JSON.stringify(result));
  const message = v3MessageOf(result.reply);
  assert.ok(message);
  const parameters = readSecurityParameters(message);
  assert.ok(parameters);
  const { engineId, boots, time, mac, macOffset } = parameters;
  assert.equal(engineId.toString('hex'), OWN);
  assert.deepEqual([boots, time, message.msgId], [engine.boots, engine.seconds, 77]);
  const outline = outlineOf(message.scopedPduData);
  assert.equal(outline?.tag, 0xa8);
  // 1.3.6.1.6.3.15.1.1.<counter>.0 as a Counter32 in the only binding.
  const counter = /060a2b060106030f0101(0[1-6])004101(..)$/.exec(message.scopedPduData.toString('hex'));
  assert.ok(counter);
  if (mac.length > 0) {
    const zeroed = Buffer.from(result.reply).fill(0, macOffset, macOffset + mac.length);
    const digest = createHmac('sha256', keyFor(OWN)).update(zeroed).digest();
    assert.deepEqual(mac, digest.subarray(0, 24));
  }
  return {
    reason: result.reason,
    counter: Number(counter[1]),
    count: Number.parseInt(counter[2] ?? '', 16),
    requestId: outline.requestId,
    flags: message.flags,
  };
}

test('an inform for our engine is taken, and again when it is sent again', () => {
  const processor = processorOf();
  for (let time = 1; time <= 2; time += 1) {
    const result = process(processor, inform());
    assert.equal(result.kind, 'ok');
    assert.equal(result.scopedPdu.toString('hex'), INFORM_PDU);
    assert.equal(result.level, 'authNoPriv');
  }
  assert.equal(processor.engines.known, 0);
});

test('who asks without an engine id is told ours: discovery', () => {
  const processor = processorOf();
  const probe = inform({ engineId: '', user: '', boots: 0, time: 0, flags: 4 });
  const report = readReport(process(processor, probe));
  assert.deepEqual(report, { reason: 'discovery', counter: 4, count: 1, requestId: 0x1234, flags: 0 });
  assert.deepEqual(processor.failuresBySource(1), []);
});

test('a report is less than twice as long as the shortest question for one, so that it is no amplifier', () => {
  const pdu = '301104000400a00b0201010201000201003000';
  const probe = inform({ engineId: '', user: '', boots: 0, time: 0, flags: 4, pdu });
  const result = process(processorOf(), probe);
  assert.equal(result.kind, 'report');
  // Beside headers of 28 bytes at least (IPv4, UDP) on each. The numbers above are padded to four bytes: 18 could be saved.
  assert.ok(result.reply.length + 28 < 2 * (probe.length - 18 + 28), `${result.reply.length} for ${probe.length}`);
});

test('an inform for another engine is told ours, even if it is authentic', () => {
  const report = readReport(process(processorOf(), inform({ engineId: '80000000050a0b0c0d' })));
  assert.deepEqual(report, { reason: 'unknown-engine-id', counter: 4, count: 1, requestId: 0x1234, flags: 0 });
});

test('boots or time of others are corrected in a report that is signed', () => {
  const processor = processorOf();
  for (const wrong of [{ boots: 6 }, { boots: 8 }, { time: engine.seconds - 151 }, { time: engine.seconds + 151 }]) {
    const report = readReport(process(processor, inform(wrong)));
    assert.equal(report.reason, 'not-in-time-window');
    assert.equal(report.counter, 2);
    assert.equal(report.flags, 1);
  }
  for (const right of [{ time: engine.seconds - 150 }, { time: engine.seconds + 150 }]) {
    assert.equal(process(processor, inform(right)).kind, 'ok');
  }
  assert.equal(processor.totals.stats.notInTimeWindows, 4);
});

test('an unknown user, a wrong digest and a level without keys are told by their counters', () => {
  const processor = processorOf();
  assert.equal(readReport(process(processor, inform({ user: 'stranger' }))).counter, 3);
  assert.equal(readReport(process(processor, inform({ password: 'another phrase' }))).counter, 5);
  assert.equal(readReport(process(processor, inform({ flags: 4 }))).counter, 1);
  assert.deepEqual(processor.totals.refused, { 'unknown-user': 1, 'wrong-digest': 1, 'below-minimum-level': 1 });
});

test('nothing is reported to who did not ask, or on what nobody asks with', () => {
  const processor = processorOf();
  assert.equal(process(processor, inform({ flags: 1, password: 'another phrase' })).kind, 'refused');
  // Reports and traps with the flag set all the same: answers to them would go on for ever.
  for (const tag of ['a7', 'a8', 'a2']) {
    const pdu = INFORM_PDU.replace('a635', `${tag}35`);
    assert.equal(process(processor, inform({ flags: 5, password: 'another phrase', pdu })).kind, 'refused');
  }
  assert.equal(processor.totals.reportsSent, 0);
});

test('flags that contradict themselves or the data are refused', () => {
  const processor = processorOf();
  assert.deepEqual(process(processor, inform({ flags: 6 })), { kind: 'refused', reason: 'invalid-flags' });
  assert.deepEqual(process(processor, inform({ flags: 7 })), { kind: 'refused', reason: 'invalid-flags' });
  const pdu = element('04', '00'.repeat(16));
  assert.deepEqual(process(processor, inform({ pdu })), { kind: 'refused', reason: 'invalid-flags' });
  const privacyAlone = inform({ flags: 6, pdu });
  assert.deepEqual(process(processor, privacyAlone), { kind: 'refused', reason: 'invalid-flags' });
});

test('reports are rationed by source', () => {
  const each = { perSecond: 1, burst: 2 };
  const processor = processorOf({ reports: { eachSource: each, overall: { perSecond: 100, burst: 100 } } });
  const kinds = Array.from({ length: 4 }, () => process(processor, inform({ user: 'stranger' }), 1_700_000_000).kind);
  assert.deepEqual(kinds, ['report', 'report', 'refused', 'refused']);
  assert.equal(process(processor, inform({ user: 'stranger' }), 1_700_000_001).kind, 'report');
  assert.equal(processor.totals.reportsSuppressed, 2);
});

test('no report goes out before we have an engine id', () => {
  const unborn = new StandingEngine();
  unborn.engineId = Buffer.alloc(0);
  const processor = new UsmProcessor({ users: [ops] }, unborn);
  assert.deepEqual(process(processor, inform({ engineId: '', flags: 4 })), { kind: 'refused', reason: 'discovery' });
});

test('a response has the msgID and level of its inform and our clock, and is signed with the key of our engine', () => {
  const result = process(processorOf(), inform());
  assert.equal(result.kind, 'ok');
  const bytes = result.respond(Buffer.from(INFORM_PDU.replace('a635', 'a235'), 'hex'));
  const message = v3MessageOf(bytes);
  assert.ok(message);
  const parameters = readSecurityParameters(message);
  assert.ok(parameters);
  assert.deepEqual([message.msgId, message.flags], [77, 1]);
  assert.deepEqual([parameters.boots, parameters.time], [engine.boots, engine.seconds]);
  const zeroed = Buffer.from(bytes).fill(0, parameters.macOffset, parameters.macOffset + 24);
  assert.deepEqual(parameters.mac, createHmac('sha256', keyFor(OWN)).update(zeroed).digest().subarray(0, 24));
});

test('an encrypted trap for another engine with the reportable flag is still a trap', () => {
  // The flag is part of what is signed: set it, and sign again.
  const bytes = Buffer.from(NET_SNMP_TRAPS.sha256Aes);
  const message = v3MessageOf(bytes);
  assert.ok(message);
  const parameters = readSecurityParameters(message);
  assert.ok(parameters);
  bytes[bytes.indexOf('04010302', 0, 'hex') + 2] = 7;
  const { macOffset } = parameters;
  bytes.fill(0, macOffset, macOffset + 24);
  const key = keyFor(parameters.engineId.toString('hex'));
  createHmac('sha256', key).update(bytes).digest().copy(bytes, macOffset, 0, 24);
  assert.equal(process(processorOf(), bytes).kind, 'ok');
});

test('an encrypted inform for another engine is found out when it is decrypted, and told ours', () => {
  const engineId = '80000000050a0b0c0d';
  const iv = Buffer.concat([Buffer.alloc(8), Buffer.alloc(8, 1)]);
  iv.writeUInt32BE(engine.boots, 0);
  iv.writeUInt32BE(engine.seconds, 4);
  const cipher = createCipheriv('aes-128-cfb', keyFor(engineId, ops.privacy.password).subarray(0, 16), iv);
  const pdu = element('04', cipher.update(INFORM_PDU, 'hex', 'hex'));
  const encrypted = inform({ engineId, flags: 7, salt: '01'.repeat(8), pdu });
  const report = readReport(process(processorOf(), encrypted));
  assert.deepEqual(report, { reason: 'unknown-engine-id', counter: 4, count: 1, requestId: 0, flags: 0 });
});

test('a digest of another length than the algorithm has is wrong, however little follows it', () => {
  const parameters =
    element('04', OWN) +
    integer(engine.boots) +
    integer(engine.seconds) +
    '04036f7073' +
    element('04', '0000') +
    '0400';
  const header = `${integer(77)}${integer(65_507)}040101${integer(3)}`;
  const body = `${integer(3)}${element('30', header)}${element('04', element('30', parameters))}3000`;
  const result = process(processorOf(), Buffer.from(element('30', body), 'hex'));
  assert.deepEqual(result, { kind: 'refused', reason: 'wrong-digest' });
});

test('an engine id or a name of more than 32 bytes is refused', () => {
  for (const long of [{ engineId: 'aa'.repeat(33) }, { user: 'x'.repeat(33) }]) {
    const result = process(processorOf(), inform(long));
    assert.deepEqual(result, { kind: 'refused', reason: 'malformed-parameters' });
  }
});

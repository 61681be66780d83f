import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { SecurityResult } from '../../../../collectors/snmp/security.ts';
import { UsmProcessor } from '../../../../collectors/snmp/usm/usm-processor.ts';
import { NET_SNMP_TRAPS, NET_SNMP_USERS } from '../../../support/net-snmp-traps.ts';
import { sourceAt, StandingEngine, v3MessageOf } from '../../../support/snmp-v3.ts';

const USERS = Object.values(NET_SNMP_USERS);
const { noAuth: _unsigned, ...SIGNED } = NET_SNMP_TRAPS;

function processorOf(): UsmProcessor {
  return new UsmProcessor({ users: USERS }, new StandingEngine());
}

/** Undefined where the message room would not have handed it on. */
function process(processor: UsmProcessor, bytes: Buffer, address?: string): SecurityResult | undefined {
  const message = v3MessageOf(bytes);
  return message && processor.process(message, sourceAt(undefined, address));
}

for (const [name, trap] of Object.entries(SIGNED)) {
  test(`no bit of a signed message can be turned: ${name}`, () => {
    const processor = processorOf();
    const bytes = Buffer.from(trap);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const result = process(processor, bytes);
      assert.notEqual(result?.kind, 'ok', `bit ${bit}`);
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    }
    assert.equal(processor.engines.known, 0);
    assert.equal(process(processor, bytes)?.kind, 'ok');
  });
}

test('security parameters cut at any length are refused', () => {
  const processor = processorOf();
  const message = v3MessageOf(NET_SNMP_TRAPS.sha256Aes);
  assert.ok(message);
  for (let length = 0; length < message.securityParameters.length; length += 1) {
    const securityParameters = message.securityParameters.subarray(0, length);
    const result = processor.process({ ...message, securityParameters }, sourceAt());
    assert.deepEqual(result, { kind: 'refused', reason: 'malformed-parameters' });
  }
});

test('random security parameters and random data are refused without a throw', () => {
  const processor = processorOf();
  const message = v3MessageOf(NET_SNMP_TRAPS.sha256Aes);
  assert.ok(message);
  for (let round = 0; round < 5000; round += 1) {
    const bytes = randomBytes(1 + (round % 200));
    const at = round % bytes.length;
    // Each other one with the tags that lead furthest.
    if (round % 2 === 0) bytes[at] = 0x30;
    const scopedPduData = randomBytes(1 + (round % 40));
    scopedPduData[0] = round % 3 === 0 ? 0x30 : 0x04;
    const hostile = {
      ...message,
      bytes,
      scopedPduData,
      securityParameters: bytes.subarray(at),
      securityParametersOffset: at,
    };
    const result = processor.process({ ...hostile, flags: round % 8 }, sourceAt());
    assert.notEqual(result.kind, 'ok');
  }
});

test('a hundred thousand engines that do not exist push out none that does, and cost no memory', () => {
  const processor = processorOf();
  assert.equal(process(processor, NET_SNMP_TRAPS.sha256Aes)?.kind, 'ok');
  const forged = Buffer.from(NET_SNMP_TRAPS.sha256Aes);
  const at = forged.indexOf('80001f88040a0b0c0d0e0f', 0, 'hex');
  for (let each = 0; each < 100_000; each += 1) {
    forged.writeUInt32BE(each, at + 5);
    const result = process(processor, forged, `198.51.100.${each % 200}`);
    assert.equal(result?.kind, 'refused');
  }
  assert.deepEqual(processor.engines, { known: 1, evictions: 0 });
  // 10,000 first contacts at once are looked at, the real one among them; the rest is refused unseen.
  const { refused } = processor.totals;
  assert.equal(refused['wrong-digest'], 9_999);
  assert.equal(refused['first-contact-budget'], 90_001);
  assert.equal(process(processor, NET_SNMP_TRAPS.sha256AesLater)?.kind, 'ok');
  assert.ok(processor.failuresBySource(1000).length <= 256);
});

test('a new engine behind an address that is known gets in while strangers use up their share', () => {
  const processor = processorOf();
  process(processor, NET_SNMP_TRAPS.shaDes);
  const forged = Buffer.from(NET_SNMP_TRAPS.sha256Aes);
  const at = forged.indexOf('80001f88040a0b0c0d0e0f', 0, 'hex');
  for (let each = 0; each < 20_000; each += 1) {
    forged.writeUInt32BE(each, at + 5);
    process(processor, forged, `198.51.100.${each % 200}`);
  }
  forged.writeUInt32BE(1, at + 5);
  const stranger = process(processor, forged, '203.0.113.1');
  assert.deepEqual(stranger, { kind: 'refused', reason: 'first-contact-budget' });
  const neighbour = process(processor, forged);
  assert.deepEqual(neighbour, { kind: 'refused', reason: 'wrong-digest' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SecurityAccepted, SecurityResult } from '../../../../collectors/snmp/security.ts';
import { UsmProcessor } from '../../../../collectors/snmp/usm/usm-processor.ts';
import type { UsmOptions } from '../../../../collectors/snmp/usm/usm-options.ts';
import { NET_SNMP_ENGINE_ID, NET_SNMP_TRAPS, NET_SNMP_USERS } from '../../../support/net-snmp-traps.ts';
import { sourceAt, StandingEngine, v3MessageOf } from '../../../support/snmp-v3.ts';

const USERS = Object.values(NET_SNMP_USERS);
const NOON = 1_700_000_000;

// The pass phrase of user ops as a key (RFC 3414 A.2), and localised for the engine, computed with Python's hashlib.
const OPS_AUTH_KU = 'f52f39cdb32e15a60fe4e72e26768e8800c965fb193aef9cb3a29cf49de68273';
const OPS_AUTH_KUL = 'bbcccfed1c3c696aa734b5cae024edb326c07393b211f06a46b50653a5ceb74f';

function processorOf(options: Partial<UsmOptions> = {}): UsmProcessor {
  return new UsmProcessor({ users: USERS, ...options }, new StandingEngine());
}

function process(processor: UsmProcessor, bytes: Buffer, seconds = NOON, address?: string): SecurityResult {
  const message = v3MessageOf(bytes);
  assert.ok(message);
  return processor.process(message, sourceAt(seconds, address));
}

function accepted(result: SecurityResult): SecurityAccepted {
  assert.equal(result.kind, 'ok', JSON.stringify(result));
  return result;
}

for (const name of ['sha256Aes', 'shaDes', 'md5Aes256C'] as const) {
  test(`an encrypted trap of net-snmp is taken: ${name}`, () => {
    const taken = accepted(process(processorOf(), NET_SNMP_TRAPS[name]));
    assert.equal(taken.level, 'authPriv');
    assert.equal(taken.engineId.toString('hex'), NET_SNMP_ENGINE_ID);
    assert.equal(taken.boots, 1);
    assert.deepEqual(taken.flags, []);
    // The ScopedPDU without padding: 97 bytes of a SEQUENCE, with linkDown as snmpTrapOID.0.
    assert.equal(taken.scopedPdu.length, 97);
    assert.ok(taken.scopedPdu.includes(Buffer.from('06092b0601060301010503', 'hex')));
  });
}

test('a trap that is not encrypted is taken of a user who may send one', () => {
  const taken = accepted(process(processorOf(), NET_SNMP_TRAPS.sha256));
  assert.equal(taken.level, 'authNoPriv');
  assert.equal(taken.time, 1_331_340);
});

test('a user with keys may not speak without them, unless it is allowed', () => {
  const result = process(processorOf(), NET_SNMP_TRAPS.noAuth);
  assert.deepEqual(result, { kind: 'refused', reason: 'below-minimum-level' });
  const users = [{ ...NET_SNMP_USERS.ops, minimumLevel: 'noAuthNoPriv' as const }];
  assert.equal(accepted(process(processorOf({ users }), NET_SNMP_TRAPS.noAuth)).level, 'noAuthNoPriv');
});

test('without a word about it, all that a user has keys for is the minimum', () => {
  const users = [{ ...NET_SNMP_USERS.ops, minimumLevel: undefined }];
  const result = process(processorOf({ users }), NET_SNMP_TRAPS.sha256);
  assert.deepEqual(result, { kind: 'refused', reason: 'below-minimum-level' });
});

test('an engine of which nothing authentic was heard is not remembered', () => {
  const users = [{ ...NET_SNMP_USERS.ops, auth: { protocol: 'SHA-256', password: 'another phrase' } as const }];
  const processor = processorOf({ users });
  const result = process(processor, NET_SNMP_TRAPS.sha256Aes);
  assert.deepEqual(result, { kind: 'refused', reason: 'wrong-digest' });
  assert.equal(processor.engines.known, 0);
  assert.equal(processor.totals.stats.wrongDigests, 1);
});

test('the wrong privacy pass phrase is a decryption error, not rubbish', () => {
  const users = [{ ...NET_SNMP_USERS.ops, privacy: { protocol: 'AES', password: 'another phrase' } as const }];
  const result = process(processorOf({ users }), NET_SNMP_TRAPS.sha256Aes);
  assert.deepEqual(result, { kind: 'refused', reason: 'decryption-error' });
});

test('a user without a privacy key is told from one with the wrong one', () => {
  const users = [{ ...NET_SNMP_USERS.ops, privacy: undefined }];
  const result = process(processorOf({ users }), NET_SNMP_TRAPS.sha256Aes);
  assert.deepEqual(result, { kind: 'refused', reason: 'unsupported-level' });
});

test('the same trap again is a replay, from whatever address', () => {
  const processor = processorOf();
  accepted(process(processor, NET_SNMP_TRAPS.sha256Aes));
  assert.deepEqual(process(processor, NET_SNMP_TRAPS.sha256Aes, NOON + 1, '198.51.100.7'), { kind: 'replay' });
  accepted(process(processor, NET_SNMP_TRAPS.sha256AesLater, NOON + 4));
  assert.equal(processor.totals.replays, 1);
});

test('a delayed trap is flagged, and refused where the time window is strict', () => {
  for (const timeWindow of ['lenient', 'strict'] as const) {
    const processor = processorOf({ timeWindow });
    accepted(process(processor, NET_SNMP_TRAPS.sha256AesLater));
    const late = process(processor, NET_SNMP_TRAPS.sha256Aes, NOON + 1000);
    if (timeWindow === 'lenient') assert.deepEqual(accepted(late).flags, ['time-window']);
    else assert.deepEqual(late, { kind: 'refused', reason: 'time-window' });
  }
});

test('an entry for the engine goes before one for the name', () => {
  const wrong = { ...NET_SNMP_USERS.ops, auth: { protocol: 'SHA-256', password: 'another phrase' } as const };
  const own = { ...NET_SNMP_USERS.ops, engineId: NET_SNMP_ENGINE_ID };
  accepted(process(processorOf({ users: [wrong, own] }), NET_SNMP_TRAPS.sha256Aes));
  const others = [{ ...wrong, engineId: NET_SNMP_ENGINE_ID }, NET_SNMP_USERS.ops];
  const result = process(processorOf({ users: others }), NET_SNMP_TRAPS.sha256Aes);
  assert.deepEqual(result, { kind: 'refused', reason: 'wrong-digest' });
});

test('entries of one name are tried in order: other pass phrases, and the other extension of keys', () => {
  const { cisco } = NET_SNMP_USERS;
  const users = [
    { ...cisco, auth: { protocol: 'SHA', password: 'auth pass phrase' } as const },
    { ...cisco, auth: { protocol: 'MD5', password: 'of last year' } as const },
    { ...cisco, privacy: { protocol: 'AES-256', password: 'privacy pass phrase' } as const },
    cisco,
  ];
  accepted(process(processorOf({ users }), NET_SNMP_TRAPS.md5Aes256C));
});

test('keys may be given instead of pass phrases, of all engines or of one', () => {
  const users = [{ ...NET_SNMP_USERS.ops, auth: { protocol: 'SHA-256', key: OPS_AUTH_KU } as const }];
  accepted(process(processorOf({ users }), NET_SNMP_TRAPS.sha256));
  const auth = { protocol: 'SHA-256', localisedKey: `0x${OPS_AUTH_KUL}` } as const;
  const localised = [{ ...NET_SNMP_USERS.ops, engineId: NET_SNMP_ENGINE_ID, auth }];
  accepted(process(processorOf({ users: localised }), NET_SNMP_TRAPS.sha256));
});

test('users can be replaced while engines stay known', () => {
  const processor = processorOf();
  accepted(process(processor, NET_SNMP_TRAPS.sha256AesLater));
  processor.replaceUsers([]);
  assert.deepEqual(process(processor, NET_SNMP_TRAPS.sha256), { kind: 'refused', reason: 'unknown-user' });
  assert.throws(() => processor.replaceUsers([{ name: '' }]), { code: 'SNMP_USER_INVALID' });
  processor.replaceUsers(USERS);
  assert.equal(processor.engines.known, 1);
  assert.deepEqual(accepted(process(processor, NET_SNMP_TRAPS.sha256Aes, NOON + 1000)).flags, ['time-window']);
});

test('a standby that was given what the active node learnt judges time as that did', () => {
  const active = processorOf();
  accepted(process(active, NET_SNMP_TRAPS.sha256AesLater));
  const state = JSON.parse(JSON.stringify(active.snapshotSenders()));
  assert.deepEqual(state, [{ engineId: NET_SNMP_ENGINE_ID, boots: 1, time: 1_331_337, atMicros: NOON * 1_000_000 }]);
  assert.deepEqual(active.snapshotSenders(NOON * 1_000_000 + 1), []);
  const standby = processorOf({ timeWindow: 'strict' });
  standby.restoreSenders(state);
  assert.equal(standby.engines.known, 1);
  const late = process(standby, NET_SNMP_TRAPS.sha256Aes, NOON + 1000);
  assert.deepEqual(late, { kind: 'refused', reason: 'time-window' });
});

test('restoring never sets a clock back, and passes over what is no state', () => {
  const processor = processorOf();
  const newer = { engineId: NET_SNMP_ENGINE_ID, boots: 5, time: 10, atMicros: 1 };
  processor.restoreSenders([newer, { ...newer, boots: 4, time: 99 }, { ...newer, engineId: 'zz' }]);
  processor.restoreSenders([
    { ...newer, engineId: '80000000aa', boots: -1 },
    { ...newer, engineId: 'aa', time: 2 ** 40 },
  ]);
  assert.deepEqual(processor.snapshotSenders(), [newer]);
});

test('engines are bounded, and the one that was silent longest gives way', () => {
  const processor = processorOf({ maxEngines: 2 });
  const states = ['80000000aa', '80000000bb'].map((engineId) => ({ engineId, boots: 1, time: 1, atMicros: 1 }));
  processor.restoreSenders(states);
  accepted(process(processor, NET_SNMP_TRAPS.sha256Aes));
  const known = () => processor.snapshotSenders().map((each) => each.engineId);
  assert.deepEqual(known(), ['80000000bb', NET_SNMP_ENGINE_ID]);
  processor.restoreSenders([{ engineId: '80000000cc', boots: 1, time: 1, atMicros: 1 }]);
  assert.deepEqual(known(), [NET_SNMP_ENGINE_ID, '80000000cc']);
  accepted(process(processor, NET_SNMP_TRAPS.sha256));
  assert.deepEqual(known(), ['80000000cc', NET_SNMP_ENGINE_ID]);
  assert.deepEqual(processor.engines, { known: 2, evictions: 2 });
});

test('failures are counted by source and reason, with the name that was claimed', () => {
  const processor = processorOf({ users: [NET_SNMP_USERS.old] });
  process(processor, NET_SNMP_TRAPS.sha256Aes);
  process(processor, NET_SNMP_TRAPS.sha256);
  process(processor, NET_SNMP_TRAPS.md5Aes256C, NOON + 1, '198.51.100.7');
  assert.deepEqual(processor.failuresBySource(5), [
    {
      source: '192.0.2.1',
      total: 2,
      byReason: { 'unknown-user': 2 },
      latestUser: 'ops',
      latestAtMicros: NOON * 1_000_000,
    },
    {
      source: '198.51.100.7',
      total: 1,
      byReason: { 'unknown-user': 1 },
      latestUser: 'cisco',
      latestAtMicros: (NOON + 1) * 1_000_000,
    },
  ]);
  assert.equal(processor.totals.refused['unknown-user'], 3);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOfPassword, localiseKey, privacyKey } from '../../../../../collectors/snmp/usm/crypto/keys.ts';
import { AUTH_ALGORITHMS, PRIVACY_ALGORITHMS } from '../../../../../collectors/snmp/usm/crypto/protocols.ts';

// RFC 3414 appendix A.3: the pass phrase "maplesyrup" and the engine 0…02.
const PASSWORD = Buffer.from('maplesyrup');
const ENGINE_ID = Buffer.from('000000000000000000000002', 'hex');

test('MD5 keys are those of RFC 3414 A.3.1', () => {
  const ku = keyOfPassword(AUTH_ALGORITHMS.MD5, PASSWORD);
  assert.equal(ku.toString('hex'), '9faf3283884e92834ebc9847d8edd963');
  assert.equal(localiseKey(AUTH_ALGORITHMS.MD5, ku, ENGINE_ID).toString('hex'), '526f5eed9fcce26f8964c2930787d82b');
});

test('SHA keys are those of RFC 3414 A.3.2', () => {
  const ku = keyOfPassword(AUTH_ALGORITHMS.SHA, PASSWORD);
  assert.equal(ku.toString('hex'), '9fb5cc0381497b3793528939ff788d5d79145211');
  const kul = localiseKey(AUTH_ALGORITHMS.SHA, ku, ENGINE_ID);
  assert.equal(kul.toString('hex'), '6695febc9288e36282235fc7151f128497b38f3f');
});

test('a privacy key is cut to what the cipher takes', () => {
  const kul = Buffer.from('6695febc9288e36282235fc7151f128497b38f3f', 'hex');
  const key = privacyKey(AUTH_ALGORITHMS.SHA, PRIVACY_ALGORITHMS.AES, kul, ENGINE_ID);
  assert.equal(key.toString('hex'), '6695febc9288e36282235fc7151f1284');
});

test('a key of AES-256 made from SHA-512 needs no extension, so both drafts agree', () => {
  const kul = localiseKey(AUTH_ALGORITHMS['SHA-512'], keyOfPassword(AUTH_ALGORITHMS['SHA-512'], PASSWORD), ENGINE_ID);
  const keys = (['AES-256', 'AES-256-C'] as const).map((name) =>
    privacyKey(AUTH_ALGORITHMS['SHA-512'], PRIVACY_ALGORITHMS[name], kul, ENGINE_ID).toString('hex'),
  );
  assert.deepEqual(keys, [kul.toString('hex', 0, 32), kul.toString('hex', 0, 32)]);
});

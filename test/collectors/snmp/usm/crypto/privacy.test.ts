import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desCbc } from '../../../../../collectors/snmp/usm/crypto/des-cbc.ts';
import { decrypt, encrypt, privacyKeyObject, Salts } from '../../../../../collectors/snmp/usm/crypto/privacy.ts';
import { PRIVACY_ALGORITHMS } from '../../../../../collectors/snmp/usm/crypto/protocols.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

// NIST SP 800-38A, F.3.13, F.3.15, F.3.17 (CFB128), first block. The initialisation vector 00 01 … 0f is boots, time, salt.
const BOOTS = 0x00010203;
const TIME = 0x04050607;
const SALT = hex('08090a0b0c0d0e0f');
const CLEAR = hex('6bc1bee22e409f96e93d7e117393172a');
const CFB_VECTORS = [
  ['AES', '2b7e151628aed2a6abf7158809cf4f3c', '3b3fd92eb72dad20333449f8e83cfb4a'],
  ['AES-192', '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b', 'cdc80d6fddf18cab34c25909c99a4174'],
  ['AES-256', '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'dc7e84bfda79164b7ecd8486985d3860'],
] as const;

for (const [name, key, encrypted] of CFB_VECTORS) {
  test(`${name} is CFB with boots, time and salt as the initialisation vector`, () => {
    const keyObject = privacyKeyObject(PRIVACY_ALGORITHMS[name], hex(key));
    assert.equal(decrypt(keyObject, hex(encrypted), BOOTS, TIME, SALT)?.toString('hex'), CLEAR.toString('hex'));
    assert.equal(encrypt(keyObject, CLEAR, BOOTS, TIME, SALT).toString('hex'), encrypted);
  });
}

test('DES gives the known answer of FIPS 81 in CBC mode', () => {
  const clear = Buffer.from('Now is the time for all ');
  const encrypted = desCbc('encrypt', clear, hex('0123456789abcdef'), hex('1234567890abcdef'));
  assert.equal(encrypted.toString('hex'), 'e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6');
  assert.deepEqual(desCbc('decrypt', encrypted, hex('0123456789abcdef'), hex('1234567890abcdef')), clear);
});

test('DES mixes the salt with the second half of the key', () => {
  const half = hex('0011223344556677');
  const salt = Buffer.from(half.map((byte, at) => byte ^ (hex('1234567890abcdef')[at] ?? 0)));
  const key = privacyKeyObject(PRIVACY_ALGORITHMS.DES, Buffer.concat([hex('0123456789abcdef'), half]));
  const clear = decrypt(key, hex('e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6'), 1, 1, salt);
  assert.equal(clear?.toString(), 'Now is the time for all ');
});

test('what cannot have been encrypted is refused', () => {
  const des = privacyKeyObject(PRIVACY_ALGORITHMS.DES, Buffer.alloc(16));
  const aes = privacyKeyObject(PRIVACY_ALGORITHMS.AES, Buffer.alloc(16));
  assert.equal(decrypt(des, Buffer.alloc(9), 1, 1, SALT), undefined);
  assert.equal(decrypt(des, Buffer.alloc(0), 1, 1, SALT), undefined);
  assert.equal(decrypt(aes, Buffer.alloc(0), 1, 1, SALT), undefined);
  assert.equal(decrypt(aes, Buffer.alloc(9), 1, 1, Buffer.alloc(7)), undefined);
});

test('salts start with the boots and never come twice', () => {
  const salts = new Salts();
  const seen = new Set(Array.from({ length: 1000 }, () => salts.next(5).toString('hex')));
  assert.equal(seen.size, 1000);
  for (const salt of seen) assert.match(salt, /^00000005/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsmUserOptions } from '../../../../../collectors/snmp/usm/users/user-options.ts';
import { UserTable } from '../../../../../collectors/snmp/usm/users/user-table.ts';

const auth = { protocol: 'SHA', password: 'maplesyrup' } as const;
const privacy = { protocol: 'AES', password: 'maplesyrup' } as const;

/** Entries that are refused, and a word of the reason. */
const INVALID: readonly (readonly [UsmUserOptions, RegExp])[] = [
  [{ name: '' }, /1 to 32 bytes/],
  [{ name: 'ä'.repeat(17) }, /1 to 32 bytes/],
  [{ name: 'ops', privacy }, /privacy without authentication/],
  [{ name: 'ops', minimumLevel: 'authPriv', auth }, /no keys for authPriv/],
  [{ name: 'ops', auth: { protocol: 'SHA', password: '' } }, /empty pass phrase/],
  [{ name: 'ops', auth: { protocol: 'SHA', key: 'topsecret' } }, /not hexadecimal/],
  [{ name: 'ops', auth: { protocol: 'SHA', key: 'abcdef' } }, /has 3 bytes, not 20/],
  [{ name: 'ops', auth: { protocol: 'SHA', localisedKey: 'ab'.repeat(20) } }, /no engine id/],
  [{ name: 'ops', auth, privacy: { protocol: 'AES-256', key: 'ab'.repeat(32) } }, /has 32 bytes, not 20/],
  [{ name: 'ops', engineId: 'ab'.repeat(33) }, /over 32 bytes/],
  [{ name: 'ops', engineId: 'topsecret' }, /not hexadecimal/],
];

for (const [options, reason] of INVALID) {
  test(`a user is refused by name, and its secrets are kept: ${reason.source}`, () => {
    assert.throws(
      () => new UserTable([options]),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'SNMP_USER_INVALID');
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /maplesyrup|topsecret|abab|abcdef/);
        return true;
      },
    );
  });
}

test('a name with an engine is found for that engine alone', () => {
  const table = new UserTable([{ name: 'ops', engineId: '80:00:00:00:aa' }]);
  assert.equal(table.candidates('\x80\0\0\0\xaa', 'ops').length, 1);
  assert.equal(table.candidates('\x80\0\0\0\xab', 'ops').length, 0);
});

test('no other engine and name make the same key together', () => {
  const table = new UserTable([{ name: 'bc', engineId: '61' }]);
  assert.equal(table.candidates('a', 'bc').length, 1);
  assert.equal(table.candidates('ab', 'c').length, 0);
});

test('names are the bytes of their UTF-8', () => {
  const table = new UserTable([{ name: 'Jürgen' }]);
  const sent = Buffer.from('4ac3bc7267656e', 'hex').toString('latin1');
  assert.equal(table.candidates('', sent)[0]?.name, 'Jürgen');
});

test('users that stay as they are stay the same, so that their keys need not be made again', () => {
  const before = new UserTable([
    { name: 'ops', auth },
    { name: 'old', auth },
  ]);
  const after = new UserTable(
    [
      { name: 'ops', auth: { ...auth } },
      { name: 'old', auth, privacy },
    ],
    before,
  );
  assert.equal(after.candidates('', 'ops')[0], before.candidates('', 'ops')[0]);
  assert.notEqual(after.candidates('', 'old')[0], before.candidates('', 'old')[0]);
});

test('a localised key that is too short for its cipher is lengthened as its draft says', () => {
  // The key of RFC 3414 A.3.1, lengthened as draft-blumenthal-aes-usm-04 section 2.1 says: with its own MD5.
  const engineId = '000000000000000000000002';
  const localisedKey = '526f5eed9fcce26f8964c2930787d82b';
  const options = {
    name: 'ops',
    engineId,
    auth: { protocol: 'MD5', localisedKey },
    privacy: { protocol: 'AES-192', localisedKey },
  } as const;
  const id = Buffer.from(engineId, 'hex');
  const [user] = new UserTable([options]).candidates(id.toString('latin1'), 'ops');
  assert.equal(user?.privacyKeyFor(id)?.toString('hex'), '526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f');
});

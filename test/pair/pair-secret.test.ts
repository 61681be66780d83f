import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newPairSecret, readPairSecret } from '../../src/pair/pair-secret.ts';
import { temporaryDirectory } from '../support/postgres.ts';

test('a new secret is read back as 32 bytes, each time others', async () => {
  const folder = await temporaryDirectory();
  const secrets = await Promise.all(
    ['one', 'two'].map(async (name) => {
      await writeFile(join(folder, name), newPairSecret());
      return readPairSecret(join(folder, name));
    }),
  );
  assert.deepEqual(
    secrets.map(({ length }) => length),
    [32, 32],
  );
  assert.notDeepEqual(secrets[0], secrets[1]);
});

test('a secret that is short, no base64 or not there is refused with the setting and what to do', async () => {
  const folder = await temporaryDirectory();
  const file = join(folder, 'secret');
  assert.throws(() => readPairSecret(file), { code: 'PAIR_SECRET_UNREADABLE', message: /ha\.secretFile/ });
  await writeFile(file, `${Buffer.alloc(31).toString('base64')}\n`);
  assert.throws(() => readPairSecret(file), { code: 'PAIR_SECRET_WEAK', message: /found 31 bytes/ });
  await writeFile(file, 'correct horse battery staple, and a little more than that');
  assert.throws(() => readPairSecret(file), { code: 'PAIR_SECRET_WEAK', message: /found something else/ });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedText, withoutSecrets, withSecretsOf, withSharedText } from '../../src/config/shared-text.ts';

const FIRST = `# Node one of the pair.

# Own: its name
node:
  name: one
database:
  url: postgresql://dw:hush@db.example/dw # on neither node
ha:
  # Of both
  pair: dogwatch
  # Own: its address
  address: 192.0.2.1
  peer: {name: two, address: 192.0.2.2}
  virtualAddresses: [192.0.2.10/24]
journal:
  directory: /srv/one
  sync: 50ms # of both
`;
const SECOND = `# Node two, in the cellar.

node:
  name: two # own
ha:
  pair: dogwatch
  address: 192.0.2.2
  peer: {name: one, address: 192.0.2.1}
  virtualAddresses: [192.0.2.10/16]
http:
  port: 9000
`;

test('what is shared has no setting of the node, and keeps comments', () => {
  assert.equal(
    sharedText(FIRST),
    `database:
  url: postgresql://dw:hush@db.example/dw # on neither node
ha:
  # Of both
  pair: dogwatch
  virtualAddresses: [192.0.2.10/24]
journal:
  sync: 50ms # of both
`,
  );
});

test('the other node keeps what is its own, and takes all else', () => {
  assert.equal(
    withSharedText(SECOND, sharedText(FIRST)),
    `# Node two, in the cellar.

node:
  name: two # own
http:
  port: 9000
database:
  url: postgresql://dw:hush@db.example/dw # on neither node
ha:
  address: 192.0.2.2
  peer: {name: one, address: 192.0.2.1}
  # Of both
  pair: dogwatch
  virtualAddresses: [192.0.2.10/24]
journal:
  sync: 50ms # of both
`,
  );
});

test('its own settings cannot be given to it', () => {
  assert.equal(
    withSharedText('node: {name: two}\n', 'node: {name: evil}\nstateDirectory: /etc\n'),
    'node: {name: two}\n',
  );
});

test('a file that has nothing of its own, or nothing that is shared, is no trouble', () => {
  assert.equal(sharedText('node:\n  name: one\n'), '');
  assert.equal(sharedText('# nothing\n'), '');
  assert.equal(withSharedText('', 'queue: bullmq\n'), 'queue: bullmq\n');
  assert.equal(withSharedText('journal:\n  directory: /srv/two\n', ''), 'journal:\n  directory: /srv/two\n');
});

test('secrets are masked wherever they stand, and come back from a text that has the same', () => {
  const text = `database:
  url: postgresql://dw:hush@db.example/dw
redis: {password: "hush"}
notify:
  email: {password: "hush"}
  webhooks:
    - url: https://chat.example/hush
      headers: {Authorization: "Bearer hush"}
`;
  const masked = withoutSecrets(text);
  assert.doesNotMatch(masked, /hush/);
  assert.match(masked, /db\.example\/dw/);
  assert.deepEqual(withSecretsOf(masked, text), { text, missing: [] });
});

test('a secret that is not known any more is named, and one of another place is not taken for it', () => {
  const masked = withoutSecrets('notify: {webhooks: [{url: https://chat.example/hush}]}\nredis: {password: hush}\n');
  const { missing } = withSecretsOf(masked, 'notify: {webhooks: [{url: https://other.example/hush}]}\n');
  assert.deepEqual(missing, ['notify.webhooks[0].url', 'redis.password']);
});

test('what cannot be taken apart is refused with a reason', () => {
  const refused = (text: string, message: RegExp): void => {
    assert.throws(() => sharedText(text), { code: 'SETTINGS_TEXT', message });
  };
  refused('node: &here {name: one}\nlog: *here\n', /refer to others/);
  refused('a: [1', /./);
  refused('[1, 2]', /no settings/);
  refused(`# ${'x'.repeat(1 << 20)}\n`, /longer than/);
});

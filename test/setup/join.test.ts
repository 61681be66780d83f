import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { settingsDigest } from '../../src/pair/settings-digest.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { fetchOffer } from '../../src/setup/join/fetch-offer.ts';
import { Invitation } from '../../src/setup/join/invitation.ts';
import { type JoinToken, parseToken, tokenText } from '../../src/setup/join/join-token.ts';
import { joinedFiles } from '../../src/setup/join/joined-files.ts';
import { type PairOffer, pairOffer } from '../../src/setup/join/offer.ts';
import { HandClock } from '../support/hand-clock.ts';
import { temporaryDirectory } from '../support/postgres.ts';

const SECRET = randomBytes(32);
const SETTINGS = {
  node: { name: 'dw-a' },
  stateDirectory: 'state',
  database: { url: 'postgresql://dogwatch:secret@db.example.net/dogwatch' },
  queue: 'bullmq',
  redis: { url: 'redis://redis.example.net' },
  batch: { rows: 1000, age: '100ms' },
  retention: { flows: '90d' },
  allowFrom: ['192.0.2.0/24'],
  listeners: [{ family: 'flow', port: 2055, receiveBuffer: '4MiB' }],
  ha: {
    address: '127.0.0.1',
    port: 8156,
    peer: { name: 'dw-b', address: '127.0.0.2' },
    virtualAddresses: ['127.0.0.10/8'],
    secretFile: 'pair.secret',
    driver: 'none',
    beat: '200ms',
    lease: '1s',
    takeoverWindow: '1750ms',
  },
};

async function firstNode(more: Readonly<Record<string, unknown>> = {}): Promise<Config> {
  const file = join(await temporaryDirectory(), 'dogwatch.yaml');
  await writeFile(file, JSON.stringify({ ...SETTINGS, ...more }));
  return loadConfig({ file, environment: {} }).config;
}

async function invited(context: TestContext) {
  const config = await firstNode();
  assert.ok(config.ha !== undefined);
  const offer = pairOffer(config, config.ha, SECRET, '1.0.0');
  const invitation = new Invitation(systemClock, silentLog);
  context.after(() => invitation.close());
  const { token: text } = await invitation.open('127.0.0.1', 0, offer);
  const token = parseToken(text);
  assert.ok(token !== undefined);
  return { config, invitation, token };
}

function withOtherSecret(token: JoinToken): JoinToken {
  return { ...token, secret: randomBytes(16) };
}

test('who has the token gets secret and settings, and is a node with the same shared settings', async (context) => {
  const { config, token } = await invited(context);
  const offer = await fetchOffer(token);
  assert.equal(offer.secret, SECRET.toString('base64'));
  const own = { name: 'dw-b', address: '127.0.0.2', interface: undefined };
  const { config: second, files, missing } = joinedFiles(offer, own);
  assert.deepEqual(missing, []);
  assert.equal(settingsDigest(second), settingsDigest(config));
  assert.equal(second.node.name, 'dw-b');
  assert.deepEqual(second.ha?.peer, { name: 'dw-a', address: '127.0.0.1' });
  assert.deepEqual([second.ha?.address, second.ha?.port, second.ha?.beat], ['127.0.0.2', 8156, 200]);
  assert.deepEqual([second.batch.age, second.retention.flows], [100, 90 * 86_400_000]);
  assert.deepEqual(
    files.map(({ path, mode }) => [path, mode]),
    [
      ['dogwatch.yaml', 0o600],
      ['pair.secret', 0o600],
    ],
  );
});

test('a token is good for one use', async (context) => {
  const { invitation, token } = await invited(context);
  await fetchOffer(token);
  assert.equal(invitation.isOpen, false);
  await assert.rejects(fetchOffer(token), { code: 'JOIN_UNREACHABLE', remedy: /one use/ });
});

test('a wrong token is refused, and three of them end the invitation for the right one too', async (context) => {
  const { invitation, token } = await invited(context);
  for (let tries = 0; tries < 3; tries += 1) {
    assert.equal(invitation.isOpen, true);
    await assert.rejects(fetchOffer(withOtherSecret(token)), { code: 'JOIN_REFUSED' });
  }
  assert.equal(invitation.isOpen, false);
  await assert.rejects(fetchOffer(token), { code: 'JOIN_UNREACHABLE' });
});

test('what is no TLS is told nothing', async (context) => {
  const { token } = await invited(context);
  const socket = connect(token.port, token.address);
  socket.on('error', () => {});
  let heard = '';
  socket.on('data', (piece) => (heard += piece.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'close');
  assert.doesNotMatch(heard, /secret/);
});

test('a token is one word, and part of one is none', () => {
  const token = { address: '2001:db8::11', port: 8057, secret: randomBytes(16) };
  const text = tokenText(token);
  assert.match(text, /^dw-join-[\w-]+$/);
  assert.deepEqual(parseToken(`${text}\n`), token);
  for (const part of ['', 'dw-join-', text.slice(0, 30), text.slice(8), `${text}!`])
    assert.equal(parseToken(part), undefined, part);
});

test('passwords that stand in files of the first node are not written into the second one’s configuration', async () => {
  const folder = await temporaryDirectory();
  const secrets = {
    'db.password': 'geheim-1',
    'mail.password': 'geheim-2',
    'chat.url': 'https://chat.example.net/geheim-3',
  };
  const file = (name: string): string => join(folder, name);
  for (const [name, text] of Object.entries(secrets)) await writeFile(file(name), text);
  const email = { host: 'mail.example.net', user: 'dw', from: 'dw@example.net', to: ['noc@example.net'] };
  const config = await firstNode({
    database: { url: 'postgresql://dogwatch@db.example.net/dogwatch', passwordFile: file('db.password') },
    notify: { email: { ...email, passwordFile: file('mail.password') }, webhooks: [{ urlFile: file('chat.url') }] },
  });
  assert.ok(config.ha !== undefined);
  // As it comes over the link.
  const offer: PairOffer = JSON.parse(JSON.stringify(pairOffer(config, config.ha, SECRET, '1.0.0')));
  assert.doesNotMatch(JSON.stringify(offer), /geheim/);
  const own = { name: 'dw-b', address: '127.0.0.2', interface: undefined };
  // The same files are here: as after the copy that is asked for.
  const { config: second, missing } = joinedFiles(offer, own);
  assert.deepEqual(missing, []);
  assert.equal(settingsDigest(second), settingsDigest(config));
  await rm(file('mail.password'));
  assert.match(joinedFiles(offer, own).missing.join(), /^notify\.email\.passwordFile: cannot be read/);
});

test('a password beside the URL of the database comes along, once', async () => {
  const config = await firstNode({
    database: { url: 'postgresql://dogwatch@db.example.net/dogwatch', password: 'p&ss' },
  });
  assert.ok(config.ha !== undefined);
  const offer = pairOffer(config, config.ha, SECRET, '1.0.0');
  const own = { name: 'dw-b', address: '127.0.0.2', interface: undefined };
  const { config: second } = joinedFiles(offer, own);
  assert.equal(second.database.url, config.database.url);
  assert.equal(settingsDigest(second), settingsDigest(config));
});

test('an invitation is over after its 15 minutes', async (context) => {
  const config = await firstNode();
  assert.ok(config.ha !== undefined);
  const clock = new HandClock();
  const invitation = new Invitation(clock, silentLog);
  context.after(() => invitation.close());
  const { token } = await invitation.open('127.0.0.1', 0, pairOffer(config, config.ha, SECRET, '1.0.0'));
  clock.advance(15 * 60_000 - 1);
  assert.equal(invitation.isOpen, true);
  clock.advance(1);
  assert.equal(invitation.isOpen, false);
  const parsed = parseToken(token);
  assert.ok(parsed !== undefined);
  await assert.rejects(fetchOffer(parsed), { code: 'JOIN_UNREACHABLE', remedy: /15 minutes/ });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import type { TlsOptions } from '../../../collectors/listener/tls-credentials.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { type Certificate, CertificateAuthority, openssl, skipWithoutOpenssl } from '../../support/certificates.ts';
import { dial, listen, until } from './listening.ts';

const skip = skipWithoutOpenssl;
let folder = '';
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let server: Certificate;

before(() => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'dogwatch-tls-'));
  authority = new CertificateAuthority(folder);
  stranger = new CertificateAuthority(folder, 'stranger');
  server = authority.issue('server', '/CN=collector', { DNS: 'localhost', IP: '127.0.0.1' });
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function listenTls(t: TestContext, tls: Partial<TlsOptions> = {}, write: (line: string) => void = () => {}) {
  const log = createLog('info', write);
  return listen(t, { transport: 'tls', tls: { ...server, ...tls } }, { log });
}

/** A TLS connection; the promise is settled when it is secured, as far as the sender can tell. */
async function dialTls(
  t: TestContext,
  port: number,
  own?: Certificate,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: readFileSync(authority.certificateFile),
    ...(own === undefined ? {} : { cert: readFileSync(own.certificateFile), key: readFileSync(own.keyFile) }),
    ...options,
  });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'secureConnect');
  return socket;
}

test('messages arrive over TLS 1.2 and 1.3', { skip }, async (t) => {
  const { heard, port } = await listenTls(t);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await dialTls(t, port, undefined, { minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
    socket.end(`14 <13>${version}...`);
  }
  await until(() => heard.length === 2);
  assert.deepEqual(
    heard.map(({ text, transport, cut, sourceAddress }) => [text, transport, cut, sourceAddress]),
    [
      ['<13>TLSv1.2...', 'tls', false, '127.0.0.1'],
      ['<13>TLSv1.3...', 'tls', false, '127.0.0.1'],
    ],
  );
});

test('TLS 1.1 is refused and counted', { skip }, async (t) => {
  const { listener, port } = await listenTls(t);
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await assert.rejects(dialTls(t, port, undefined, old));
  await until(() => listener.tlsErrors === 1 && listener.connections === 0);
});

test('bytes that are not TLS are counted, logged at a limited rate, and harm nobody', { skip }, async (t) => {
  const lines: string[] = [];
  const { listener, texts, port } = await listenTls(t, {}, (line) => lines.push(line));
  const good = await dialTls(t, port);
  for (let round = 0; round < 30; round++) {
    const { socket, closed } = await dial(t, port);
    socket.write(round % 2 === 0 ? '<13>in the clear\n' : Buffer.alloc(5000, round));
    await closed;
  }
  await until(() => listener.tlsErrors === 30 && listener.connections === 1);
  good.write('<13>unharmed\n');
  await until(() => texts().length > 0);
  assert.deepEqual(texts(), ['<13>unharmed']);
  const refusals = lines.filter((line) => line.includes('TLS handshake'));
  assert.equal(refusals.length, 5);
});

test('connections that end in the middle of a handshake give their slot back', { skip }, async (t) => {
  const { listener, port } = await listenTls(t);
  const { socket } = await dial(t, port);
  await until(() => listener.connections === 1);
  // A TLS record header that announces more than follows.
  socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
  socket.resetAndDestroy();
  await until(() => listener.connections === 0);
  assert.equal(listener.tlsErrors, 1);
});

interface Case {
  readonly name: string;
  readonly client: () => Certificate | undefined;
  readonly tls: () => Partial<TlsOptions>;
  readonly heard: boolean;
  readonly reason?: RegExp;
}

const routerSubject = '/C=DE/O=Example/CN=router1';
const router = (): Certificate => authority.issue('router', routerSubject, { DNS: 'r1.example.net', IP: '192.0.2.7' });
const selfSigned = (): Certificate => authority.selfSigned('self', '/CN=alone');
const fingerprint = (certificate: Certificate): string =>
  openssl('x509', '-in', certificate.certificateFile, '-noout', '-fingerprint', '-sha256').trim().split('=')[1] ?? '';
const withAuthority = (...clientSubjects: string[]): (() => Partial<TlsOptions>) => {
  return () => ({ clientCaFile: authority.certificateFile, clientSubjects });
};

const cases: Case[] = [
  {
    name: 'no certificate where one is needed',
    client: () => undefined,
    tls: withAuthority(),
    heard: false,
    reason: /no certificate/,
  },
  { name: 'a certificate of the authority', client: router, tls: withAuthority(), heard: true },
  {
    name: 'a certificate of another authority',
    client: () => stranger.issue('other', '/CN=router1'),
    tls: withAuthority(),
    heard: false,
    reason: /not trusted/,
  },
  { name: 'a self-signed certificate', client: selfSigned, tls: withAuthority(), heard: false, reason: /not trusted/ },
  { name: 'a common name that is listed', client: router, tls: withAuthority('router1'), heard: true },
  { name: 'a DNS name that is listed, in capitals', client: router, tls: withAuthority('R1.example.net'), heard: true },
  { name: 'a wildcard for one label', client: router, tls: withAuthority('*.example.net'), heard: true },
  {
    name: 'a wildcard for two labels',
    client: router,
    tls: withAuthority('*.net'),
    heard: false,
    reason: /subject is not/,
  },
  { name: 'an address that is listed', client: router, tls: withAuthority('192.0.2.7'), heard: true },
  {
    name: 'an address that is not',
    client: router,
    tls: withAuthority('192.0.2.8'),
    heard: false,
    reason: /subject is not/,
  },
  { name: 'the whole subject', client: router, tls: withAuthority('C=DE, O=Example, CN=router1'), heard: true },
  {
    name: 'the whole subject, as RFC 4514 writes it',
    client: router,
    tls: withAuthority('CN=router1,O=Example,C=DE'),
    heard: true,
  },
  {
    name: 'part of the subject',
    client: router,
    tls: withAuthority('O=Example,C=DE'),
    heard: false,
    reason: /subject is not/,
  },
  {
    name: 'the name of another',
    client: router,
    tls: withAuthority('router2', '*.example.org'),
    heard: false,
    reason: /subject is not/,
  },
  {
    name: 'a fingerprint, without an authority',
    client: selfSigned,
    tls: () => ({
      clientSubjects: [`sha256:${fingerprint({ ...server, certificateFile: join(folder, 'self.crt') })}`],
    }),
    heard: true,
  },
  {
    name: 'another fingerprint',
    client: router,
    tls: () => ({ clientSubjects: [`SHA-256:${'0'.repeat(64)}`] }),
    heard: false,
    reason: /fingerprint/,
  },
  {
    name: 'a name hidden in a longer one',
    client: () => authority.issue('sly', '/CN=sly', { URI: 'http://a/, DNS:trusted.example.net, b' }),
    tls: withAuthority('trusted.example.net'),
    heard: false,
    reason: /subject is not/,
  },
];
for (const each of cases) {
  test(`client certificates: ${each.name} is ${each.heard ? 'heard' : 'refused'}`, { skip }, async (t) => {
    const lines: string[] = [];
    const client = each.client();
    const tls = each.tls();
    const { listener, heard, port } = await listenTls(t, tls, (line) => lines.push(line));
    const socket = await dialTls(t, port, client);
    socket.write('<13>let me in\n');
    await until(() => heard.length + listener.tlsErrors === 1);
    assert.equal(heard.length, each.heard ? 1 : 0);
    if (each.reason === undefined) return;
    const line = lines.find((line) => line.includes('refused')) ?? '';
    assert.match(line, each.reason);
    if (client !== undefined) assert.match(line, /"subject":".*CN=/);
    await until(() => listener.connections === 0);
  });
}

test('reload takes new files for new connections, and leaves open ones alone', { skip }, async (t) => {
  const current = { certificateFile: join(folder, 'current.crt'), keyFile: join(folder, 'current.key') };
  const use = (certificate: Certificate): void => {
    copyFileSync(certificate.certificateFile, current.certificateFile);
    copyFileSync(certificate.keyFile, current.keyFile);
  };
  use(server);
  const { listener, texts, port } = await listenTls(t, current);
  const first = await dialTls(t, port);
  use(authority.issue('renewed', '/CN=renewed', { DNS: 'localhost', IP: '127.0.0.1' }));
  listener.reload();
  const second = await dialTls(t, port);
  assert.equal(first.getPeerCertificate().subject.CN, 'collector');
  assert.equal(second.getPeerCertificate().subject.CN, 'renewed');
  writeFileSync(current.keyFile, 'rubbish');
  assert.throws(() => listener.reload(), { code: 'TLS_FILE_INVALID', message: /current\.key/ });
  const third = await dialTls(t, port);
  assert.equal(third.getPeerCertificate().subject.CN, 'renewed');
  for (const [index, socket] of [first, second, third].entries()) socket.write(`<13>${index}\n`);
  await until(() => texts().length === 3);
});

const broken: [string, () => Partial<TlsOptions>, string, RegExp, RegExp][] = [
  [
    'a file that does not exist',
    () => ({ certificateFile: join(folder, 'none') }),
    'TLS_FILE_UNREADABLE',
    /none/,
    /does not exist/,
  ],
  [
    'a key of another certificate',
    () => ({ keyFile: authority.keyFile }),
    'TLS_KEY_MISMATCH',
    /authority\.key.*server\.crt/,
    /first in the file/,
  ],
  [
    'a certificate that is a key',
    () => ({ certificateFile: server.keyFile }),
    'TLS_FILE_INVALID',
    /server\.key as a certificate/,
    /PEM/,
  ],
  ['a key with a passphrase', encryptedKey, 'TLS_FILE_INVALID', /locked\.key as a key/, /passphrase.*openssl pkey/],
  [
    'an authority that is no certificate',
    () => ({ clientCaFile: server.keyFile }),
    'TLS_FILE_INVALID',
    /server\.key/,
    /PEM/,
  ],
  [
    'a name without an authority',
    () => ({ clientSubjects: ['router1'] }),
    'TLS_SUBJECT_INVALID',
    /router1/,
    /clientCaFile/,
  ],
  [
    'a fingerprint that is too short',
    () => ({ clientSubjects: ['sha256:abcd'] }),
    'TLS_SUBJECT_INVALID',
    /abcd/,
    /openssl x509/,
  ],
];
for (const [name, tls, code, message, remedy] of broken) {
  test(`${name} is refused at the start, with what to do`, { skip }, async (t) => {
    await assert.rejects(listenTls(t, tls()), (error: Error & { remedy?: string; code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.match(error.remedy ?? '', remedy);
      return true;
    });
  });
}

function encryptedKey(): Partial<TlsOptions> {
  const keyFile = join(folder, 'locked.key');
  openssl('pkey', '-in', server.keyFile, '-aes256', '-passout', 'pass:secret', '-out', keyFile);
  return { keyFile };
}

test('certificate and key may share a file, in either order', { skip }, async (t) => {
  const [certificate, key] = [server.certificateFile, server.keyFile].map((file) => readFileSync(file, 'utf8'));
  for (const [name, content] of Object.entries({ first: `${certificate}${key}`, last: `${key}${certificate}` })) {
    const file = join(folder, `${name}.pem`);
    writeFileSync(file, content);
    const { texts, port } = await listenTls(t, { certificateFile: file, keyFile: file });
    (await dialTls(t, port)).write('<13>secret\n');
    await until(() => texts().length === 1);
  }
});

test('a certificate that expires soon is told of at the start', { skip }, async (t) => {
  const lines: string[] = [];
  await listenTls(t, {}, (line) => lines.push(line));
  assert.match(lines.join(''), /expires soon/);
});

import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { tlsAcceptor } from '../../../ha/peer/stream/stream-tls.ts';
import { isDynamic } from '../../../src/cli/checks/pair/addresses.ts';
import { checkPair } from '../../../src/cli/checks/pair/check-pair.ts';
import { hostOf } from '../../../src/cli/checks/pair/names.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { newPairSecret, readPairSecret } from '../../../src/pair/pair-secret.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const HA = {
  address: '127.0.0.1',
  peer: { name: 'dw-b', address: '127.0.0.2' },
  virtualAddresses: ['127.0.0.10/8'],
  secretFile: 'pair.secret',
  driver: 'none',
};

/** Results of a node with these settings, by name. */
async function look(ha: Readonly<Record<string, unknown>>, database = 'postgresql://192.0.2.20/dogwatch') {
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'pair.secret'), newPairSecret(), { mode: 0o600 });
  const settings = { node: { name: 'dw-a' }, database: { url: database }, ha: { ...HA, ...ha } };
  await writeFile(join(folder, 'dogwatch.yaml'), JSON.stringify(settings));
  const { config } = loadConfig({ file: join(folder, 'dogwatch.yaml'), environment: {} });
  const results = await checkPair({ config, running: undefined });
  return { config, folder, of: (name: string) => results.find((each) => each.name === name) };
}

test('an own address that this machine has not got is named by its setting', async () => {
  const { of } = await look({ address: '192.0.2.11' });
  assert.equal(of('pair, own address')?.state, 'fail');
  assert.match(of('pair, own address')?.found ?? '', /ha\.address \(192\.0\.2\.11\)/);
});

test('an interface that is gone is named by its setting', async () => {
  const { of } = await look({ driver: 'linux', interface: 'gone0' });
  assert.match(of('pair, interface')?.found ?? '', /ha\.interface \(gone0\) is not there/);
  assert.equal(of('pair, interface')?.state, 'fail');
});

test('a database on one of the nodes is named by its setting', async () => {
  for (const host of ['127.0.0.2', '127.0.0.10', 'localhost']) {
    const { of } = await look({}, `postgresql://${host}/dogwatch`);
    assert.match(of('pair, place of the database')?.found ?? '', /^database\.url: .* an address of a node/);
  }
  const { of } = await look({});
  assert.equal(of('pair, place of the database')?.state, 'ok');
});

test("the host of a database's URL is found wherever it stands", () => {
  assert.equal(hostOf('postgresql://user@db.example.net:5432/dogwatch'), 'db.example.net');
  assert.equal(hostOf('postgresql://user@[2001:db8::1]/dogwatch'), '2001:db8::1');
  assert.equal(hostOf('postgresql://user@/dogwatch?host=/run/postgresql'), '/run/postgresql');
});

test('an address of DHCP is told from one that was set', () => {
  // As iproute2 6.1 prints them.
  const printed = [
    [
      {
        ifname: 'eth0',
        addr_info: [
          { family: 'inet', local: '192.0.2.11', prefixlen: 24, dynamic: true, valid_life_time: 3000 },
          { family: 'inet', local: '192.0.2.12', prefixlen: 24, valid_life_time: 4294967295 },
        ],
      },
    ],
  ];
  assert.equal(isDynamic(printed, '192.0.2.11'), true);
  assert.equal(isDynamic(printed, '192.0.2.12'), false);
  assert.equal(isDynamic([[null, 'x', { addr_info: 1 }]], '192.0.2.12'), false);
});

test('a peer with the same secret, with another one, and without a collector are told apart', async (context) => {
  let secret: Buffer = readPairSecret(await secretFile());
  const server = createServer((socket) => {
    const acceptor = tlsAcceptor(secret, { node: 'dw-b', peer: 'dw-a' }, 3000);
    acceptor.on('tlsClientError', () => {});
    acceptor.emit('connection', socket);
  });
  server.listen(0, '127.0.0.2');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const peer = { name: 'dw-b', address: '127.0.0.2', port: address.port };

  const other = await look({ peer });
  assert.equal(other.of('pair, link')?.state, 'fail');
  assert.match(other.of('pair, link')?.found ?? '', /another ha\.secretFile/);

  secret = readPairSecret(other.config.ha?.secretFile ?? '');
  const results = await checkPair({ config: other.config, running: undefined });
  assert.equal(results.find(({ name }) => name === 'pair, link')?.state, 'ok');

  server.close();
  const gone = await look({ peer });
  assert.match(gone.of('pair, link')?.found ?? '', /nobody listens on TCP 127\.0\.0\.2/);
});

test('a secret that others may read is named by its setting', async () => {
  const { config } = await look({});
  await chmod(config.ha?.secretFile ?? '', 0o644);
  const results = await checkPair({ config, running: undefined });
  const found = results.find(({ name }) => name === 'pair, secret');
  assert.match(found?.found ?? '', /^ha\.secretFile: others may read/);
  assert.match(found?.remedy ?? '', /^chmod 600/);
});

async function secretFile(): Promise<string> {
  const file = join(await temporaryDirectory(), 'pair.secret');
  await writeFile(file, newPairSecret());
  return file;
}

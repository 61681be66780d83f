import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CheckResult } from '../../src/cli/checks/check-result.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import type { Host } from './lab/host.ts';
import { whyNoNamespaces } from './lab/ip.ts';
import { Segment } from './lab/segment.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const VIRTUAL_IP = '10.77.0.100';
const skip = whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping');

/** The configuration of node `a`, nothing of which runs. */
async function configure(a: Host, b: Host, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'pair.secret'), randomBytes(32).toString('base64'), { mode: 0o600 });
  const ha = {
    address: a.address,
    peer: { name: 'b', address: b.address },
    secretFile: 'pair.secret',
    interface: a.interface,
    virtualAddresses: [`${VIRTUAL_IP}/24`],
  };
  const file = join(folder, 'dogwatch.yaml');
  const settings = { node: { name: 'a' }, stateDirectory: 'state', ha, listeners: [{ family: 'flow', port: 2055 }] };
  await writeFile(file, JSON.stringify({ ...settings, ...more }));
  return file;
}

/** What `dogwatch check --pair` finds on this machine, by name: `state: found`. */
async function check(host: Host, file: string): Promise<(name: string) => string> {
  const child = host.start(process.execPath, [LAUNCHER, 'check', '--pair', '--json', '--config', file]);
  let text = '';
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  await once(child, 'close');
  const { results }: { results: CheckResult[] } = JSON.parse(text);
  return (name) =>
    results
      .filter((each) => each.name === name)
      .map(({ state, found }) => `${state}: ${found}`)
      .join('\n');
}

test(
  'before anything runs, check --pair sees who has the virtual IP, what is static, and what would be gone together',
  { skip },
  async (t) => {
    const segment = new Segment();
    t.after(() => segment.remove());
    await segment.start();
    const a = await segment.addHost('a', 1);
    const b = await segment.addHost('b', 2);
    const stranger = await segment.addHost('stranger', 3);
    const shared = join(await temporaryDirectory(), 'journals');
    await mkdir(join(shared, 'b'), { recursive: true });
    const good = await check(
      a,
      await configure(a, b, {
        database: { url: 'postgresql://dogwatch@10.77.0.4/dogwatch' },
        journal: { directory: shared },
      }),
    );
    assert.equal(good('pair, owner of the virtual IP'), `ok: nobody else answers for ${VIRTUAL_IP}`);
    assert.equal(good('pair, own address'), 'ok: 10.77.0.1/24 on eth0');
    assert.match(good('pair, static address'), /^ok: /);
    assert.match(good('pair, subnet'), /^ok: 10\.77\.0\.100\/24/);
    assert.match(good('pair, place of the database'), /^ok: .*neither node$/);
    assert.match(good('pair, shared folder'), /^ok: .*can be written from here\nok: the folder of b is seen in it$/);
    assert.match(good('pair, link'), /^warn: nobody listens on TCP 10\.77\.0\.2 port 8056/);

    await stranger.ip('address', 'add', `${VIRTUAL_IP}/24`, 'dev', stranger.interface);
    // As a DHCP client adds it: with the time that is left of its lease.
    await a.ip('address', 'change', '10.77.0.1/24', 'dev', 'eth0', 'valid_lft', '600', 'preferred_lft', '600');
    const bad = await check(
      a,
      await configure(a, b, {
        database: { url: 'postgresql://dogwatch@10.77.0.2/dogwatch' },
        journal: { directory: join(shared, 'not-here') },
      }),
    );
    assert.equal(
      bad('pair, owner of the virtual IP'),
      `fail: ${stranger.mac} answers for ${VIRTUAL_IP}, which is neither node`,
    );
    assert.match(bad('pair, static address'), /^warn: ha\.address \(10\.77\.0\.1\) is dynamic/);
    assert.match(bad('pair, place of the database'), /^fail: .*10\.77\.0\.2, an address of a node of the pair$/);
    assert.match(
      bad('pair, shared folder'),
      /^fail: .*cannot be written from here: .*\nwarn: the folder of b is not seen/,
    );
  },
);

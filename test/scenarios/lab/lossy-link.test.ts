import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { skipWithout } from '../../support/packages.ts';
import type { Host } from './host.ts';
import { whyNoNamespaces } from './ip.ts';
import { LossyLink } from './lossy-link.ts';
import { Segment } from './segment.ts';

const skip = whyNoNamespaces() || skipWithout('ip', 'bridge');
const PORT = 7000;

/** Sends a hundred numbered datagrams to the relay, and prints how many different answers came. */
const ASK = `
const { createSocket } = require('node:dgram');
const socket = createSocket('udp4');
const heard = [];
socket.on('message', (bytes) => heard.push(String(bytes)));
socket.bind(${PORT}, () => { for (let i = 0; i < 100; i += 1) socket.send(String(i), ${PORT}, process.argv[1]); });
setTimeout(() => { process.stdout.write(heard.length + ' ' + new Set(heard).size); process.exit(); }, 800);
`;
const ECHO = `
const { createSocket } = require('node:dgram');
const socket = createSocket('udp4');
socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
socket.bind(${PORT}, () => process.send('ready'));
`;

suite('a bad line between two machines', { skip }, () => {
  const segment = new Segment();
  let a: Host;
  let link: LossyLink;

  before(async () => {
    await segment.start();
    a = await segment.addHost('a', 1);
    const b = await segment.addHost('b', 2);
    link = await LossyLink.start(await segment.addHost('link', 6), { ends: [a.address, b.address], port: PORT });
    const echo = b.start(process.execPath, ['--eval', ECHO], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await new Promise((resolve) => echo.once('message', resolve));
  });
  after(() => segment.remove());

  async function answers(): Promise<{ all: number; different: number }> {
    const [all = 0, different = 0] = (await a.run(process.execPath, '--eval', ASK, link.address))
      .split(' ')
      .map(Number);
    return { all, different };
  }

  test('everything comes once while it is perfect', async () => {
    assert.deepEqual(await answers(), { all: 100, different: 100 });
  });

  test('some is lost, some comes twice, and nothing comes when it is silent', async () => {
    await link.become({ loss: 0.3 });
    const lossy = await answers(); // 49 of a hundred in the mean
    assert.ok(lossy.different > 20 && lossy.different < 80, `${lossy.different} came back`);
    await link.become({ duplication: 1 });
    assert.deepEqual(await answers(), { all: 400, different: 100 });
    await link.become({ isSilent: true });
    assert.deepEqual(await answers(), { all: 0, different: 0 });
    await link.become({});
    assert.deepEqual(await answers(), { all: 100, different: 100 });
  });
});

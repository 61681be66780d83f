import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { UdpListener } from '../../../collectors/listener/udp-listener.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createLog, silentLog } from '../../../src/runtime/log.ts';
import { dial, listen, until } from './listening.ts';

const CROWD = fileURLToPath(new URL('crowd.ts', import.meta.url));
const LIMITED = fileURLToPath(new URL('limited.ts', import.meta.url));

/** Ten thousand, or what the limit on open files lets both ends have. */
const LIMIT = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 1024);
const COUNT = Math.min(10_000, LIMIT - 400);
const scaled = COUNT < 10_000 ? ` (${COUNT} here, for want of descriptors)` : '';

async function gather(t: TestContext, port: number, count: number): Promise<{ child: ChildProcess; open: number }> {
  const child = spawn(process.execPath, [CROWD, String(port), String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, open: Number(/^open (\d+)/.exec(String(line))?.[1]) };
}

/** Sends numbered messages over TCP and UDP until it is told to stop. @returns how many */
async function keepSending(t: TestContext, tcpPort: number, udpPort: number, isDone: () => boolean): Promise<number> {
  const { socket } = await dial(t, tcpPort, '127.0.0.2');
  const udp = createSocket('udp4');
  t.after(() => udp.close());
  let sent = 0;
  while (!isDone()) {
    sent += 1;
    const text = `<14>steady ${sent}`;
    socket.write(`${text}\n`);
    udp.send(text, udpPort, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return sent;
}

test(`ten thousand connections are held in little memory, and others go on unharmed${scaled}`, async (t) => {
  const { listener, heard, port } = await listen(t, { maxConnections: COUNT + 1, maxConnectionsPerSource: COUNT });
  const datagrams: string[] = [];
  const options = { family: 'syslog', address: '127.0.0.1', port: 0, receiveBufferBytes: 65_536, allowFrom: [] };
  const udp = new UdpListener(options, systemClock, ({ bytes }) => void datagrams.push(bytes.toString()), silentLog);
  await udp.start();
  t.after(() => udp.stop());

  let isDone = false;
  const sending = keepSending(t, port, udp.address()?.port ?? 0, () => isDone);
  await until(() => heard.length > 0);
  const before = process.memoryUsage().rss;
  const { child, open } = await gather(t, port, COUNT);
  await until(() => listener.connections === COUNT + 1);
  const bytesEach = (process.memoryUsage().rss - before) / COUNT;
  t.diagnostic(`${Math.round(bytesEach)} bytes a connection`);
  assert.equal(open, COUNT);
  assert.ok(bytesEach < 32_768, `${bytesEach} bytes a connection`);

  child.stdin?.end();
  await until(() => listener.connections === 1);
  isDone = true;
  const sent = await sending;
  const steady = (): string[] => heard.map(({ text }) => text).filter((text) => text.startsWith('<14>'));
  await until(() => steady().length === sent && datagrams.length === sent);
  assert.equal(steady().at(-1), `<14>steady ${sent}`);
  assert.equal(heard.length - sent, COUNT, 'what each had begun was given out');
});

test('a crowd beyond the bound is turned away and counted, while those inside go on', async (t) => {
  const lines: string[] = [];
  const log = createLog('warn', (line) => lines.push(line));
  const { listener, texts, port } = await listen(t, { maxConnections: 50 }, { log });
  const inside = await dial(t, port);
  const { open } = await gather(t, port, 2000);
  assert.deepEqual([open, listener.connections, listener.refusedFull], [49, 50, 1951]);
  inside.socket.write('<13>still here\n');
  await until(() => texts().length > 0);
  assert.deepEqual(texts(), ['<13>still here']);
  assert.equal(lines.length, 5, 'log lines are limited');
});

test('a process that runs out of descriptors goes on with those that it has, and recovers', async (t) => {
  const child = spawn('sh', ['-c', `ulimit -n 300; exec "$0" "$1"`, process.execPath, LIMITED], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(() => output.includes('"port"'));
  assert.match(output, /the limit on open files allows fewer connections than configured/);
  const port = Number(/"port":(\d+)/.exec(output)?.[1]);
  const inside = await dial(t, port);
  inside.socket.write('<13>before\n');
  await until(() => output.includes('<13>before'));
  const crowd = await gather(t, port, 500);
  assert.ok(crowd.open < 25, `${crowd.open} connections are open`);
  inside.socket.write('<13>during\n');
  await until(() => output.includes('<13>during'));
  crowd.child.kill('SIGKILL');
  await once(crowd.child, 'close');
  output = '';
  await until(() => output.includes('"connections":1}'));
  const late = await dial(t, port);
  late.socket.write('<13>after\n');
  await until(() => output.includes('<13>after'));
});

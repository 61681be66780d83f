import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { askCollector } from '../../src/control/control-client.ts';
import { controlPath, ControlServer } from '../../src/control/control-server.ts';
import { DogwatchError } from '../../src/runtime/errors.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { temporaryDirectory } from '../support/postgres.ts';

const answerers = {
  echo: async (body: unknown) => ({ body }),
  refuse: async () => {
    throw new DogwatchError('NOT_READY', 'the standby is not ready', { remedy: 'look at dogwatch status' });
  },
};

test("a command gets the collector's answer, or what it refuses with", async () => {
  const folder = await temporaryDirectory();
  const server = new ControlServer(controlPath(folder), answerers, undefined, silentLog);
  await server.start();
  assert.deepEqual(await askCollector(folder, 'echo', { to: 'b' }, 5000), { body: { to: 'b' } });
  await assert.rejects(askCollector(folder, 'refuse', undefined, 5000), {
    code: 'NOT_READY',
    message: 'the standby is not ready',
    remedy: 'look at dogwatch status',
  });
  await assert.rejects(askCollector(folder, 'toString', undefined, 5000), { code: 'CONTROL_UNKNOWN' });
  await server.stop();
  await assert.rejects(askCollector(folder, 'echo', undefined, 5000), { code: 'NOT_RUNNING' });
});

test('only its owner may ask', async () => {
  const folder = await temporaryDirectory();
  const server = new ControlServer(controlPath(folder), answerers, undefined, silentLog);
  await server.start();
  assert.equal((await stat(controlPath(folder))).mode & 0o777, 0o600);
  await server.stop();
});

test('the file that a killed collector left is no hindrance, a collector that lives is left alone', async () => {
  const folder = await temporaryDirectory();
  await writeFile(controlPath(folder), '');
  const [first, second] = [1, 2].map((who) => {
    return new ControlServer(controlPath(folder), { who: async () => who }, undefined, silentLog);
  });
  await first?.start();
  await second?.start();
  assert.equal(await askCollector(folder, 'who', undefined, 5000), 1);
  await second?.stop();
  await first?.stop();
});

test('what is no question is answered with an error, and what never ends is cut off', async () => {
  const folder = await temporaryDirectory();
  const server = new ControlServer(controlPath(folder), answerers, undefined, silentLog);
  await server.start();
  const socket = connect(controlPath(folder));
  socket.write('[1, 2\n');
  const [answer]: Buffer[] = await once(socket, 'data');
  assert.match(String(answer), /^\{"error":/);
  const endless = connect(controlPath(folder));
  endless.on('error', () => {});
  const closed = once(endless, 'close');
  endless.write('x'.repeat((1 << 20) + 1));
  await closed;
  await server.stop();
});

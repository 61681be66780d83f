import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandAddress } from '../../../ha/virtual-ip/command/command-address.ts';
import { parseInterfaceAddress } from '../../../ha/virtual-ip/interface-address.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { temporaryDirectory } from '../../support/postgres.ts';
import { eventually } from '../../support/processes.ts';

interface Scene {
  readonly address: CommandAddress;
  readonly clock: HandClock;
  readonly logged: string[];
  readonly file: (name: string) => string;
  /** What the hook was called with, a line each. */
  readonly calls: () => Promise<string[]>;
}

/** A hook of a few lines of shell; `record` notes a call. */
async function scene(script: string, options: { timeoutMs?: number; refreshMs?: number } = {}): Promise<Scene> {
  const folder = await temporaryDirectory();
  const file = (name: string) => join(folder, name);
  const record = `record() { echo "$DOGWATCH_ACTION $DOGWATCH_ADDRESS/$DOGWATCH_PREFIX_LENGTH $DOGWATCH_INTERFACE $DOGWATCH_NODE $DOGWATCH_EPOCH $DOGWATCH_SPAN_MS" >> ${file('calls')}; }`;
  await writeFile(file('hook'), `#!/bin/sh\n${record}\n${script.replaceAll('FOLDER', folder)}\n`);
  await chmod(file('hook'), 0o755);
  const logged: string[] = [];
  const clock = new HandClock();
  const address = new CommandAddress(
    {
      command: file('hook'),
      addresses: ['192.0.2.50/24', '2001:db8::50/64'].map(parseInterfaceAddress),
      interface: 'eth0',
      node: 'a',
      epoch: () => 7,
      ...options,
    },
    clock,
    createLog('warn', (line) => logged.push(line)),
  );
  const calls = async () => {
    const text = await readFile(file('calls'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).sort();
  };
  return { address, clock, logged, file, calls };
}

test('the hook gets everything in its environment, once for each address, and only on change', async () => {
  const { address, calls } = await scene('record');
  await address.hold(2000);
  await address.hold(2000);
  assert.deepEqual(await calls(), ['hold 192.0.2.50/24 eth0 a 7 2000', 'hold 2001:db8::50/64 eth0 a 7 2000']);
  await address.release();
  await address.release();
  assert.deepEqual((await calls()).slice(2), [
    'release 192.0.2.50/24 eth0 a 7 0',
    'release 2001:db8::50/64 eth0 a 7 0',
  ]);
});

test('a release at the start is told to the hook, since nobody knows what was before', async () => {
  const { address, calls } = await scene('record');
  await address.release();
  assert.equal((await calls()).length, 2);
});

test('a hold is repeated where that is wanted', async () => {
  const { address, calls, clock } = await scene('record', { refreshMs: 5000 });
  await address.hold(2000);
  clock.advance(4000);
  await address.hold(2000);
  assert.equal((await calls()).length, 2);
  clock.advance(2000);
  await address.hold(2000);
  assert.equal((await calls()).length, 4);
});

test('what the hook says when it fails is thrown and logged, and it is tried again a second later', async () => {
  const { address, logged, clock, calls } = await scene('record; echo "no such allocation" >&2; exit 4');
  const refusal = { code: 'ADDRESS_REFUSED', message: /no such allocation \(it ended with code 4\)/ };
  await assert.rejects(address.hold(2000), refusal);
  await assert.rejects(address.hold(2000), refusal);
  assert.equal((await calls()).length, 2, 'not at every beat');
  assert.match(logged.join(''), /no such allocation/);
  clock.advance(1000);
  await assert.rejects(address.hold(2000), refusal);
  assert.equal((await calls()).length, 4);
});

test('a hook that hangs is ended with all that it started', async () => {
  const { address, file } = await scene('sleep 300 & echo $! > FOLDER/child; wait', { timeoutMs: 200 });
  await assert.rejects(address.hold(2000), /it took longer than 200 ms/);
  const child = Number(await readFile(file('child'), 'utf8'));
  await eventually('its child is gone', () => !isRunning(child));
});

test('a release ends a hold that is under way, and comes after it', async () => {
  const { address, calls, file } = await scene(
    'record; [ $DOGWATCH_ACTION = hold ] && { touch FOLDER/begun; sleep 300; }; true',
  );
  const held = address.hold(2000);
  await eventually('it has begun', () =>
    readFile(file('begun')).then(
      () => true,
      () => false,
    ),
  );
  await address.release();
  await held;
  const actions = (await calls()).map((line) => line.split(' ')[0]);
  assert.deepEqual(actions.filter((action) => action === 'release').length, 2);
});

test('the first word that the hook prints for a probe is who has the address', async () => {
  const print = async (script: string) => (await scene(script)).address.probe(2000);
  assert.deepEqual(await print('echo nobody'), { owner: 'nobody', neighbourAnswers: undefined });
  assert.deepEqual(await print('true'), { owner: 'nobody', neighbourAnswers: undefined });
  assert.deepEqual(await print('echo peer i-0123'), { owner: 'peer', mac: 'i-0123', neighbourAnswers: undefined });
  const either = 'case $DOGWATCH_ADDRESS in *:*) echo foreign 02:00:00:00:00:01;; *) echo peer;; esac';
  assert.equal((await print(either)).owner, 'foreign');
});

test('a hook that is not there is refused with its name', async () => {
  const { address, file } = await scene('true');
  await chmod(file('hook'), 0o644);
  await assert.rejects(address.hold(2000), { code: 'ADDRESS_REFUSED', message: /hook .*EACCES/ });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

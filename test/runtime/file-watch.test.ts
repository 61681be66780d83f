import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FileWatch } from '../../src/runtime/file-watch.ts';
import { HandClock, LogLines } from '../support/hand-clock.ts';

/** A started watch of two files, what it had to say, and how often it had them read. */
async function watching(context: TestContext, reload: () => void = () => {}) {
  const directory = mkdtempSync(join(tmpdir(), 'dogwatch-watch-'));
  const [certificate, key] = [join(directory, 'certificate'), join(directory, 'key')];
  for (const file of [certificate, key]) writeFileSync(file, 'old');
  const lines = new LogLines();
  const clock = new HandClock();
  const watch = new FileWatch({ what: 'certificates', files: [certificate, key] }, reload, clock, lines.log);
  await watch.start();
  context.after(async () => {
    await watch.stop();
    rmSync(directory, { recursive: true });
  });
  return { watch, lines, clock, directory, certificate, key };
}

test('files that do not change are not read again', async (context) => {
  const { watch } = await watching(context);
  for (let look = 0; look < 3; look++) await watch.poll();
  assert.equal(watch.reloads, 0);
});

test('a change is read once nothing moves any more, and once', async (context) => {
  const { watch, certificate, key } = await watching(context);
  writeFileSync(certificate, 'new one');
  await watch.poll();
  writeFileSync(key, 'new key');
  await watch.poll();
  assert.equal(watch.reloads, 0, 'the key was written between two looks');
  await watch.poll();
  await watch.poll();
  assert.equal(watch.reloads, 1);
});

test('a file that is replaced, or a link that leads elsewhere, is a change even with the same size', async (context) => {
  const { watch, directory, certificate } = await watching(context);
  writeFileSync(join(directory, 'other'), 'old');
  renameSync(join(directory, 'other'), certificate);
  await watch.poll();
  await watch.poll();
  assert.equal(watch.reloads, 1);
  writeFileSync(join(directory, 'mounted'), 'old');
  rmSync(certificate);
  symlinkSync('mounted', certificate);
  await watch.poll();
  await watch.poll();
  assert.equal(watch.reloads, 2);
});

test('a file that is gone is said once and not read; when it is back it is', async (context) => {
  const { watch, lines, key } = await watching(context);
  rmSync(key);
  for (let look = 0; look < 3; look++) await watch.poll();
  assert.equal(watch.reloads, 0);
  assert.deepEqual(
    lines.all().map(({ msg }) => msg),
    ['a file is gone; what was loaded stays'],
  );
  writeFileSync(key, 'new');
  await watch.poll();
  await watch.poll();
  assert.equal(watch.reloads, 1);
});

test('a reload that fails is logged with its reason, and tried again after the next change', async (context) => {
  let isBad = true;
  const { watch, lines, key } = await watching(context, () => {
    if (isBad) throw new Error('the key does not match');
  });
  writeFileSync(key, 'bad');
  for (let look = 0; look < 4; look++) await watch.poll();
  assert.deepEqual([watch.reloads, watch.failures], [1, 1]);
  assert.equal(lines.all()[0]?.['error'], 'the key does not match');
  isBad = false;
  writeFileSync(key, 'good one');
  for (let look = 0; look < 4; look++) await watch.poll();
  assert.deepEqual([watch.reloads, watch.failures], [2, 1]);
});

test('SIGHUP has the files read at once, changed or not', async (context) => {
  const reloaded = Promise.withResolvers<void>();
  await watching(context, () => reloaded.resolve());
  process.kill(process.pid, 'SIGHUP');
  await reloaded.promise;
});

test('it looks every three seconds until it is stopped', async (context) => {
  const reloaded = Promise.withResolvers<void>();
  const { watch, clock, key } = await watching(context, () => reloaded.resolve());
  writeFileSync(key, 'new');
  clock.advance(3000);
  // The next look is scheduled when this one is over; a look of our own comes after it.
  await watch.poll();
  clock.advance(3000);
  await reloaded.promise;
  await watch.stop();
  assert.equal(process.listenerCount('SIGHUP'), 0);
});

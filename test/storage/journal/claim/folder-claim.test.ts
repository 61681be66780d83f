import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClaimRecord, encodeRecord } from '../../../../storage/journal/claim/claim-record.ts';
import { ClaimWatch } from '../../../../storage/journal/claim/claim-watch.ts';
import { type ClaimOptions, FolderClaim } from '../../../../storage/journal/claim/folder-claim.ts';
import { ownIdentity } from '../../../../storage/journal/claim/process-identity.ts';
import { steppedClock } from '../../../support/journal-batches.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

const TIMEOUT_MS = 30_000;
const OPTIONS: ClaimOptions = { node: 'a', timeoutMs: TIMEOUT_MS, waitMs: 0, purpose: 'own' };
const ELSEWHERE = { bootId: '00000000-0000-4000-8000-000000000000', hostname: 'another-machine' };

async function claimBy(directory: string, fields: Partial<ClaimRecord>, epoch = 1): Promise<void> {
  const record = { id: 'x', node: 'b', ...ownIdentity(), purpose: 'own' as const, beat: 0, ...fields };
  await writeFile(join(directory, `claim.${epoch}`), encodeRecord(record));
}

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  assert(child.pid);
  return child.pid;
}

test('a folder has one owner, who is named to others, and is free once that releases it', async () => {
  const directory = join(await temporaryDirectory(), 'new', 'folder');
  const clock = steppedClock(false);
  const first = new FolderClaim(directory, OPTIONS, clock);
  assert.equal(await first.take(), true);
  assert.deepEqual(await readdir(directory), ['claim.1']);
  const second = new FolderClaim(directory, { ...OPTIONS, node: 'b' }, clock);
  await assert.rejects(second.take(), { code: 'LOCKED', message: new RegExp(`process ${process.pid} of node a`) });
  await first.release();
  assert.equal(await second.take(), true);
  await second.release();
  assert.deepEqual(await readdir(directory), []);
});

test('the claim of a dead process of this machine is taken at once, with a higher epoch', async () => {
  const directory = await temporaryDirectory();
  await claimBy(directory, { pid: await deadProcess() }, 7);
  const claim = new FolderClaim(directory, OPTIONS, steppedClock(false));
  assert.equal(await claim.take(), true);
  assert.deepEqual(await readdir(directory), ['claim.8']);
  await claim.release();
});

test('a process with the number of a dead one is not taken for it', async () => {
  const directory = await temporaryDirectory();
  await claimBy(directory, { pid: process.pid, start: '1' });
  assert.equal((await new ClaimWatch(TIMEOUT_MS, steppedClock(false)).look(directory)).isFree, true);
});

test('the claim of another machine is free when we saw it unchanged for the timeout, whatever the wall clocks say', async () => {
  const directory = await temporaryDirectory();
  const clock = steppedClock(false);
  const watch = new ClaimWatch(TIMEOUT_MS, clock);
  const isFree = async (): Promise<boolean> => (await watch.look(directory)).isFree;
  await claimBy(directory, { ...ELSEWHERE, pid: await deadProcess() });
  assert.equal(await isFree(), false);
  clock.stepBy(3_600_000);
  assert.equal(await isFree(), false);
  clock.sleepFor(TIMEOUT_MS - 1000);
  assert.equal(await isFree(), false);
  await claimBy(directory, { ...ELSEWHERE, beat: 1 });
  assert.equal(await isFree(), false);
  clock.sleepFor(TIMEOUT_MS - 1000);
  assert.equal(await isFree(), false);
  clock.stepBy(-7_200_000);
  clock.sleepFor(1001);
  assert.equal(await isFree(), true);
});

test('what cannot be read is a claim all the same, until it was unchanged for the timeout', async () => {
  const directory = await temporaryDirectory();
  const clock = steppedClock(false);
  const watch = new ClaimWatch(TIMEOUT_MS, clock);
  await writeFile(join(directory, 'claim.3'), '');
  assert.equal((await watch.look(directory)).isFree, false);
  clock.sleepFor(TIMEOUT_MS);
  assert.equal((await watch.look(directory)).isFree, true);
});

test('of many that want a free folder at once, one gets it', async () => {
  for (let round = 0; round < 15; round += 1) {
    const directory = await temporaryDirectory();
    if (round % 2 === 1) await claimBy(directory, { pid: process.pid, start: '1' });
    const claims = Array.from(
      { length: 6 },
      () => new FolderClaim(directory, { ...OPTIONS, waitMs: 50 }, steppedClock()),
    );
    const taken = await Promise.all(
      claims.map((claim) => claim.take().catch((error: { code?: unknown }) => error.code)),
    );
    // All may have withdrawn for each other's sake, but never two have it.
    assert(taken.filter((each) => each === true).length <= 1, String(taken));
    assert(
      taken.every((each) => each === true || each === 'LOCKED'),
      String(taken),
    );
    for (const claim of claims) await claim.release();
  }
});

test('an owner that slept for half the timeout looks again, and finds out that it lost the folder', async () => {
  const directory = await temporaryDirectory();
  const clock = steppedClock(false);
  const sleeper = new FolderClaim(directory, OPTIONS, clock);
  let losses = 0;
  sleeper.onLost = () => (losses += 1);
  await sleeper.take();
  clock.sleepFor(TIMEOUT_MS / 2 + 1);
  assert.equal(sleeper.isFresh, false);
  assert.equal(await sleeper.holds(), true);
  assert.equal(sleeper.isFresh, true);

  const watch = new ClaimWatch(TIMEOUT_MS, clock);
  await watch.look(directory);
  clock.sleepFor(TIMEOUT_MS);
  const other = new FolderClaim(directory, { ...OPTIONS, node: 'b', watch }, clock);
  assert.equal(await other.take(), true);
  const content = await readFile(join(directory, 'claim.2'), 'utf8');
  assert.equal(await sleeper.holds(), false);
  assert.equal(await sleeper.holds(), false);
  await sleeper.release();
  assert.equal(losses, 1);
  assert.equal(await readFile(join(directory, 'claim.2'), 'utf8'), content);
  assert.equal(await other.verify(), true);
  await other.release();
});

test('a later claim of the same name is not taken for the own one, nor written or deleted', async () => {
  const directory = await temporaryDirectory();
  const sleeper = new FolderClaim(directory, OPTIONS, steppedClock(false));
  await sleeper.take();
  await unlink(join(directory, 'claim.1'));
  const other = new FolderClaim(directory, OPTIONS, steppedClock(false));
  await other.take();
  const content = await readFile(join(directory, 'claim.1'), 'utf8');
  assert.equal(await sleeper.verify(), false);
  await sleeper.release();
  assert.equal(await readFile(join(directory, 'claim.1'), 'utf8'), content);
  await other.release();
});

test('a sign of life changes the claim for those who watch it', async () => {
  const directory = await temporaryDirectory();
  const clock = steppedClock(false);
  const claim = new FolderClaim(directory, OPTIONS, clock);
  await claim.take();
  const watch = new ClaimWatch(TIMEOUT_MS, clock);
  await watch.look(directory);
  clock.sleepFor(TIMEOUT_MS);
  await claim.verify();
  const seen = await watch.look(directory);
  assert.deepEqual([seen.isFree, seen.hasMoved, seen.owner?.node], [false, true, 'a']);
  await claim.release();
});

test('an owner of an earlier boot, or one that only empties the folder, is not waited for: another folder is better', async () => {
  const later = { bootId: ELSEWHERE.bootId };
  for (const fields of [later, { purpose: 'adopt' as const }]) {
    const directory = await temporaryDirectory();
    await claimBy(directory, fields);
    const claim = new FolderClaim(directory, { ...OPTIONS, waitMs: 60_000 }, steppedClock());
    assert.equal(await claim.take(), false);
  }
});

test('a machine that gives signs of life keeps its folder; of a silent one it is not sure', async () => {
  const directory = await temporaryDirectory();
  await claimBy(directory, ELSEWHERE);
  const options = { ...OPTIONS, watch: new ClaimWatch(TIMEOUT_MS, steppedClock()) };
  assert.equal(await new FolderClaim(directory, options, steppedClock()).take(), false);
  await claimBy(directory, { ...ELSEWHERE, beat: 1 });
  await assert.rejects(new FolderClaim(directory, options, steppedClock()).take(), /node b on another-machine/);
});

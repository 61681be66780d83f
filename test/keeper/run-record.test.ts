import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { RunRecord } from '../../src/keeper/run-record.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { LogLines } from '../support/hand-clock.ts';
import { temporaryDirectory } from '../support/postgres.ts';

const AT = '2026-03-05T11:22:33.000Z';

test('a run that ended in order is not spoken of at the next start', async () => {
  const path = join(await temporaryDirectory(), 'state', 'run.json');
  const first = new RunRecord(path, systemClock, silentLog);
  await first.start();
  assert.equal(first.earlier, undefined, 'there was none');
  await first.stop();
  const second = new RunRecord(path, systemClock, silentLog);
  await second.start();
  assert.equal(second.earlier, undefined);
  await second.stop();
});

test('a run that was killed is named at the next start, with the time until which it was seen, and not at the one after', async () => {
  const path = join(await temporaryDirectory(), 'run.json');
  await writeFile(path, `{"pid":12,"startedAt":"${AT}","seenAt":"${AT}"}${' '.repeat(200)}\n`);
  const lines = new LogLines();
  const second = new RunRecord(path, systemClock, lines.log);
  await second.start();
  assert.deepEqual(second.earlier, { startedAt: AT, seenAt: AT });
  assert.deepEqual(
    lines.all().map(({ msg, startedAt, seenAt }) => [msg, startedAt, seenAt]),
    [['the run before this one ended without notice', AT, AT]],
  );
  await second.stop();
  const third = new RunRecord(path, systemClock, silentLog);
  await third.start();
  assert.equal(third.earlier, undefined);
  await third.stop();
});

for (const [what, text] of [
  ['half a record', '{"pid":12,"startedAt":"2026'],
  ['something else', '[]'],
  ['nothing', ''],
] as const) {
  test(`${what} in its place does no harm`, async () => {
    const path = join(await temporaryDirectory(), 'run.json');
    await writeFile(path, text);
    const record = new RunRecord(path, systemClock, silentLog);
    await record.start();
    assert.equal(record.earlier, undefined);
    await record.stop();
  });
}

test('where it cannot be written, the collector runs without', async () => {
  const path = join(await temporaryDirectory(), 'file');
  await writeFile(path, '');
  const record = new RunRecord(join(path, 'run.json'), systemClock, silentLog);
  await record.start();
  await record.stop();
});

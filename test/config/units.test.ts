import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.ts';

test('durations are read in every unit, with fractions and spaces', () => {
  const written = ['0', '250ms', '1.5s', '10 s', '15m', '2h', '30d', '1w'];
  assert.deepEqual(written.map(parseDuration), [0, 250, 1500, 10_000, 900_000, 7_200_000, 2_592_000_000, 604_800_000]);
});

test('sizes tell binary from decimal units, whatever the case', () => {
  const written = ['0', '512B', '1kB', '64KiB', '8MiB', '8mib', '10GB', '10GiB', '1.5KiB'];
  assert.deepEqual(written.map(parseSize), [0, 512, 1000, 65_536, 8_388_608, 8_388_608, 1e10, 10_737_418_240, 1536]);
});

test('what is no quantity is refused, not guessed', () => {
  for (const text of ['', '5', '5x', 's', '-1s', '1e3s', '5 M', '1h30m', 'ms5', 'Infinity s']) {
    assert.equal(parseDuration(text), undefined, text);
  }
  for (const text of ['', '5', '8M', '8Mi', '-1MiB', 'MiB']) assert.equal(parseSize(text), undefined, text);
});

test('what is formatted is read back as the same', () => {
  for (const ms of [0, 1, 250, 90_000, 86_400_000, 2_592_000_000]) assert.equal(parseDuration(formatDuration(ms)), ms);
  for (const bytes of [0, 1, 1000, 1024, 8_388_608, 10 * 2 ** 30]) assert.equal(parseSize(formatSize(bytes)), bytes);
  assert.equal(formatDuration(90_000), '90s');
  assert.equal(formatSize(8_388_608), '8MiB');
});

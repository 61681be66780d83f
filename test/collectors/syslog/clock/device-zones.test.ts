import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DeviceZones } from '../../../../collectors/syslog/clock/device-zones.ts';
import { timeZone } from '../../../../collectors/syslog/clock/time-zone.ts';

const micros = (text: string) => Date.parse(text) * 1000;

test('a zone by name has daylight saving, which begins and ends at the instant that the law says', () => {
  const berlin = timeZone('Europe/Berlin');
  // EU directive 2000/84/EC: last Sunday of March and of October, 01:00 UTC.
  assert.equal(berlin.offsetMinutes(micros('2026-03-29T00:59:59.999Z')), 60);
  assert.equal(berlin.offsetMinutes(micros('2026-03-29T01:00:00Z')), 120);
  assert.equal(berlin.offsetMinutes(micros('2026-10-25T00:59:59Z')), 120);
  assert.equal(berlin.offsetMinutes(micros('2026-10-25T01:00:00Z')), 60);
  assert.equal(berlin.offsetMinutes(micros('2026-03-29T00:59:59Z')), 60, 'times may go back');
});

test('zones west of Greenwich, of odd minutes, and without any offset are told right', () => {
  const july = micros('2026-07-01T00:00:00Z');
  const offsets = [
    'America/New_York',
    'Asia/Kathmandu',
    'America/St_Johns',
    'UTC',
    'Etc/UTC',
    'Australia/Lord_Howe',
  ].map((name) => timeZone(name).offsetMinutes(july));
  assert.deepEqual(offsets, [-240, 345, -150, 0, 0, 630]);
});

test('an offset may be written as it is', () => {
  const offsets = ['+02:00', '-0930', '+14:00', '+00:00', '-00:00', 'Z'].map((text) => timeZone(text).offsetMinutes(0));
  assert.deepEqual(offsets, [120, -570, 840, 0, 0, 0]);
});

test('what is no zone is refused', () => {
  for (const text of ['', 'CEST', 'Europe/Berln', '+25:00', '+14:30', '2', 'LOCAL ', '+2']) {
    assert.throws(() => timeZone(text), { code: 'BAD_TIME_ZONE' }, text);
  }
});

test('local is the zone of the machine', () => {
  const path = fileURLToPath(new URL('../../../../collectors/syslog/clock/time-zone.ts', import.meta.url));
  const program = `import { timeZone } from ${JSON.stringify(path)}; console.log(timeZone('local').offsetMinutes(${micros('2026-07-01T00:00:00Z')}))`;
  const run = (TZ: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TZ },
      encoding: 'utf8',
    });
  assert.deepEqual([run('Asia/Tokyo').trim(), run('America/Los_Angeles').trim()], ['540', '-420']);
});

test('the longest prefix of a device decides, and without one the general zone', () => {
  const zones = new DeviceZones({
    timeZone: '+01:00',
    timeZones: { '10.0.0.0/8': '+02:00', '10.1.0.0/16': '+03:00', '10.1.1.1': '+04:00', '2001:db8::/32': '-05:00' },
    maxDevices: 10,
  });
  const offsets = ['192.0.2.1', '10.9.9.9', '10.1.2.3', '10.1.1.1', '2001:db8::7', '2001:db9::7', ''].map((device) =>
    zones.offsetMinutes(device, 0),
  );
  assert.deepEqual(offsets, [60, 120, 180, 240, -300, 60, 60]);
});

test('times that no calendar has are no trouble', () => {
  const zone = timeZone('Europe/Berlin');
  for (const at of [Infinity, -Infinity, Number.NaN, 9e18, -9e18]) assert.equal(zone.offsetMinutes(at), 0);
});

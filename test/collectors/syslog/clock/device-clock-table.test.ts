import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceClockTable, zoneErrorMinutes } from '../../../../collectors/syslog/clock/device-clock-table.ts';
import { HandClock, LogLines } from '../../../support/hand-clock.ts';
import { ToldEntries } from '../../../support/warm-entries.ts';

const START = 1_800_000_000;
const DEVICE = '192.0.2.1';

/** A table, and messages of one device: arrival in seconds after a start, and the device's clock less ours in seconds. */
function table(maxDevices = 100) {
  const lines = new LogLines();
  const clocks = new DeviceClockTable(maxDevices, new HandClock(), lines.log);
  const observe = (atSeconds: number, ahead: number, zoneKnown = true, device = DEVICE) =>
    clocks.observe(device, (START + atSeconds) * 1e6, (START + atSeconds + ahead) * 1e6, zoneKnown);
  return { observe, lines, clocks };
}

test('an offset is unknown until three messages agree, and then in milliseconds', () => {
  const { observe } = table();
  assert.deepEqual(
    [observe(0, 0.25), observe(1, 0.25), observe(2, 0.25), observe(3, -0.001)],
    [undefined, undefined, 250, 250],
  );
});

test('messages that waited in a queue do not move it', () => {
  const { observe } = table();
  for (let second = 0; second < 100; second++) observe(second, 0.1);
  // A backlog: stamps of two minutes, all arriving within two seconds.
  for (let index = 0; index < 1000; index++) assert.equal(observe(100 + index / 500, -120 + index * 0.12), 100);
  assert.equal(observe(103, 0.1), 100);
});

test('stamps in whole seconds tell the clock as well as their largest part does', () => {
  const { observe } = table();
  let last: number | undefined;
  for (let index = 0; index < 120; index++) {
    const at = index * 1.37;
    last = observe(at, Math.floor(at) - at);
  }
  assert.ok(last !== undefined && last <= 0 && last > -50, String(last));
});

test('a clock that was set ahead is taken over with the third message that says so', () => {
  const { observe } = table();
  for (let second = 0; second < 10; second++) observe(second, 0);
  assert.deepEqual([observe(10, 3600), observe(11, 3600), observe(12, 3600.5)], [0, 0, 3_600_500]);
});

test('a clock that was set back is taken over when messages say so for seconds', () => {
  const { observe } = table();
  for (let second = 0; second < 10; second++) observe(second, 3600);
  const offsets = Array.from({ length: 8 }, (_, index) => observe(10 + index, 0));
  assert.deepEqual(offsets, [...Array<number>(5).fill(3_600_000), 0, 0, 0]);
});

test('a single message with a strange stamp changes nothing', () => {
  const { observe } = table();
  for (let second = 0; second < 10; second++) observe(second, 0.5);
  assert.deepEqual(
    [observe(10, 86_400), observe(11, 0.5), observe(12, -86_400), observe(13, 0.5)],
    [500, 500, 500, 500],
  );
});

test('a drift is followed in both directions, behind by at most the window', () => {
  const { observe } = table();
  for (let second = 0; second <= 3600; second++) observe(second, second / 1000);
  assert.equal(observe(3600, 3.6), 3600);
  for (let second = 0; second <= 3600; second++) observe(3600 + second, 3.6 - second / 1000);
  const last = observe(7201, 0) ?? Number.NaN;
  assert.ok(last >= 0 && last <= 300, String(last));
});

test('devices have clocks of their own, and their number is bounded', () => {
  const { observe } = table(10);
  for (let index = 0; index < 1000; index++) {
    for (let turn = 0; turn < 3; turn++) observe(turn, index, true, `10.0.${index >> 8}.${index & 255}`);
  }
  assert.equal(observe(4, 999, true, '10.0.3.231'), 999_000);
  assert.equal(observe(4, 0, true, '10.0.0.0'), undefined);
});

test('a zone that looks wrong is said once, with the minutes, and the offset stays as it was measured', () => {
  const { observe, lines } = table();
  const offsets = Array.from({ length: 50 }, (_, second) => observe(second, 7200.5, false));
  assert.equal(offsets.at(-1), 7_200_500);
  assert.deepEqual(
    lines.all().map(({ msg, device, minutes }) => ({ msg, device, minutes })),
    [{ msg: 'zone looks wrong by +120 min', device: DEVICE, minutes: 120 }],
  );
});

test('a clock that is wrong in a known zone, or by no quarter hours, says nothing of zones', () => {
  const { observe, lines } = table();
  for (let second = 0; second < 50; second++) observe(second, 7200, true);
  for (let second = 0; second < 50; second++) observe(second, 400, false, '192.0.2.2');
  assert.deepEqual(lines.all(), []);
});

test('many devices in a wrong zone cost a bounded number of lines', () => {
  const { observe, lines } = table(1000);
  for (let index = 0; index < 500; index++) {
    for (let turn = 0; turn < 3; turn++) observe(turn, -3600, false, `10.0.${index >> 8}.${index & 255}`);
  }
  assert.equal(lines.all().length, 10);
});

test('an offset is explained by the nearest quarter hour, within a minute', () => {
  const minutes = (seconds: number) => zoneErrorMinutes(seconds * 1e6);
  assert.deepEqual([7200, 7230, -19_800, 20_700, 59, 7300, 100_000].map(minutes), [120, 120, -330, 345, 0, 0, 0]);
});

test('an offset follows its device to another process, which knows it with the first message', () => {
  const first = table();
  const told = new ToldEntries().listenTo(first.clocks);
  for (let second = 0; second < 5; second++) first.observe(second, 3600.25, false);
  const second = table();
  told.restoreInto(second.clocks);
  assert.equal(second.observe(6, 3600.2, false), 3_600_250);
  assert.deepEqual(second.lines.all(), [], 'the log was told of the zone before');
});

test('others are told of a device at most every ten seconds, and not at all while nothing changes', () => {
  const { observe, clocks } = table();
  const told = new ToldEntries().listenTo(clocks);
  for (let tenth = 0; tenth < 300; tenth++) observe(tenth / 10, 0.001 * tenth);
  assert.ok(told.log.length >= 3 && told.log.length <= 4, String(told.log.length));
  const before = told.log.length;
  for (let second = 40; second < 100; second++) observe(second, 0.299);
  assert.ok(told.log.length <= before + 1);
});

test('what we observed ourselves goes before the word of others', () => {
  const { observe, clocks } = table();
  const told = new ToldEntries().listenTo(table().clocks);
  for (let second = 0; second < 3; second++) observe(second, 0.25);
  const other = table();
  told.listenTo(other.clocks);
  for (let second = 0; second < 3; second++) other.observe(second, 9);
  told.restoreInto(clocks);
  assert.equal(observe(3, 0.25), 250);
});

test('a clock that was set while another process heard its device is known when the device comes back', () => {
  const { clocks, observe } = table();
  for (let second = 0; second < 3; second++) observe(second, 0.25);
  const told = new ToldEntries();
  const other = table();
  told.listenTo(other.clocks);
  for (let second = 400; second < 403; second++) other.observe(second, 9);
  told.restoreInto(clocks);
  assert.equal(observe(500, 9), 9000);
});

test('clock entries that make no sense are passed over, and as many are kept as devices', () => {
  const { clocks } = table(10);
  for (let length = 0; length < 30; length++) {
    for (const fill of [0, 1, 255])
      clocks.restoreWarm({ kind: 'syslog.clock', key: '192.0.2.1', value: Buffer.alloc(length, fill) });
  }
  assert.deepEqual(
    [...clocks.warmEntries()].filter(({ value }) => value === undefined),
    [],
  );
  const good = Buffer.alloc(19);
  good[0] = 1;
  for (let index = 0; index < 1000; index++)
    clocks.restoreWarm({ kind: 'syslog.clock', key: `10.0.${index >> 8}.${index & 255}`, value: good });
  clocks.restoreWarm({ kind: 'syslog.clock', key: 'no address', value: good });
  assert.ok([...clocks.warmEntries()].length <= 10);
});

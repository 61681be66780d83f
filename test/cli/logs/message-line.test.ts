import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageLines } from '../../../src/cli/logs/message-line.ts';
import { noticeOf } from '../../../src/cli/records/follow.ts';
import type { LineStyle } from '../../../src/cli/records/line-style.ts';
import { speaksColour } from '../../../src/cli/terminal/colour.ts';

const STYLE: LineStyle = { colour: false, unicode: true, width: Infinity, day: true };
/** Time, severity, device, hostname, program, process, mnemonic, message. */
const ROW = ['2026-03-01T12:00:00.123456Z', '4', '192.0.2.1', null, 'bgpd', null, null, 'peer is up'];
const HOSTILE = '\u001B]0;x\u0007\u009B2J\r\n\u202E';

// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/;

test('names stand below each other as far as they are not too long', () => {
  const lines = new MessageLines({ ...STYLE, day: false });
  const [first, second, third] = ['sw', 'a-longer-name', 'x'].map((name) => lines.line(ROW.with(3, name)));
  const start = (line = '') => line.indexOf('bgpd');
  assert.equal(start(first), start(lines.line(ROW.with(3, 'y'))) - 'a-longer-name'.length + 'sw'.length);
  assert.equal(start(second), start(third));
});

test('a code that stands in the place of the program is written once', () => {
  const lines = new MessageLines({ ...STYLE, day: false });
  const row = [
    '2026-11-22T10:00:00.000000Z',
    '5',
    '192.0.2.1',
    'rtr',
    '%SYS-5-CONFIG_I',
    null,
    'SYS-5-CONFIG_I',
    'Configured',
  ];
  assert.match(lines.line(row), /rtr %SYS-5-CONFIG_I: Configured\n$/);
});

test('no part of a message reaches the terminal with something that it obeys, in colour or not', () => {
  for (const colour of [false, true]) {
    for (const [index] of ROW.entries()) {
      if (index < 2) continue;
      for (const severity of ['0', '3', '4', '7', null]) {
        const lines = new MessageLines({ ...STYLE, colour, width: 60 });
        const line = lines.line(ROW.with(1, severity).with(3, 'host').with(index, HOSTILE));
        // Our own colours, and nothing else.
        // oxlint-disable-next-line no-control-regex
        assert.doesNotMatch(line.replaceAll(/\u001B\[[\d;]*m/g, ''), OBEYED);
        assert.equal(line.indexOf('\n'), line.length - 1);
        assert.ok(!colour || line.endsWith('m\n') || !line.includes('\u001B[31m'));
      }
    }
  }
});

test('a line is cut at the width, and its colour ends with it', () => {
  const long = ROW.with(7, 'x'.repeat(500)).with(1, '2');
  assert.equal(new MessageLines({ ...STYLE, width: 80 }).line(long).length, 81);
  assert.match(new MessageLines({ ...STYLE, width: 80, unicode: false }).line(long), /x~\n$/);
  assert.ok(new MessageLines({ ...STYLE, width: 80, colour: true }).line(long).endsWith('…\u001B[0m\n'));
});

test('colours are for terminals, unless nobody wants them', () => {
  assert.equal(speaksColour({ isTTY: true }, {}), true);
  assert.equal(speaksColour({ isTTY: true }, { NO_COLOR: '' }), true);
  assert.equal(speaksColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  assert.equal(speaksColour({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(speaksColour({}, {}), false);
});

test('what was left out is said, and nothing where nothing was', () => {
  assert.equal(noticeOf({ skipped: 0, unread: 0 }, 'messages'), '');
  assert.equal(
    noticeOf({ skipped: 1234, unread: 5 }, 'messages'),
    '--- too many messages: 1,234 more that match were skipped, 5 were not looked at ---\n',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barText, speaksUnicode } from '../../../src/cli/terminal/bars.ts';
import { csvLine } from '../../../src/cli/terminal/csv.ts';
import { terminalSafeJson } from '../../../src/cli/terminal/output.ts';
import { renderTable, Table } from '../../../src/cli/terminal/table.ts';

const COLUMNS = [{ title: 'name', shrinks: true }, { title: 'n', right: true }, { title: '' }];

test('words stand left, numbers right, and no line ends in blanks', () => {
  assert.equal(
    renderTable(COLUMNS, [
      ['ab', '1', ''],
      ['abcdef', '100', '#'],
    ]),
    'name      n\nab        1\nabcdef  100  #\n',
  );
});

test('a narrow terminal cuts the columns that may shrink, and then the line', () => {
  const rows = [['abcdefghijklmnopqrst', '12345', '##']];
  assert.deepEqual(renderTable(COLUMNS, rows, { width: 22 }).split('\n'), [
    'name             n',
    'abcdefghij…  12345  ##',
    '',
  ]);
  assert.deepEqual(renderTable(COLUMNS, rows, { width: 12, unicode: false }).split('\n'), [
    'name       ~',
    'abcdefg~  1~',
    '',
  ]);
});

test('a table in parts keeps the widths of its first rows', () => {
  const table = new Table([{ title: 'a' }, { title: 'b' }]);
  assert.equal(table.head([['long', 'x']]) + table.body([['long', 'x']]), 'a     b\nlong  x\n');
  assert.equal(table.body([['s', 'y']]), 's     y\n');
});

test('names from devices cannot command the terminal', () => {
  assert.equal(renderTable([{ title: 't' }], [['a\u001B[31mb\u009Bc\nd\u202Ee']]), 't\na�[31mb�c�d�e\n');
  assert.equal(terminalSafeJson('"\u009B\u007Fé"'), String.raw`"\u009b\u007fé"`);
});

test('bars in eighths of a cell, or in ASCII', () => {
  assert.equal(barText(1, 4, true), '████');
  assert.equal(barText(0.5 + 1 / 32, 4, true), '██▏');
  assert.equal(barText(0.0001, 4, true), '▏');
  assert.equal(barText(0, 4, true), '');
  assert.equal(barText(2, 4, false), '####');
  assert.equal(barText(0.0001, 4, false), '#');
  assert.equal(barText(NaN, 4, false), '');
});

test('the locale and the terminal decide about Unicode', () => {
  assert.equal(speaksUnicode({ LANG: 'de_DE.UTF-8', TERM: 'xterm-256color' }), true);
  assert.equal(speaksUnicode({ LANG: 'de_DE.UTF-8', LC_ALL: 'C', TERM: 'xterm' }), false);
  assert.equal(speaksUnicode({ LANG: 'C', LC_CTYPE: 'C.utf8' }), true);
  assert.equal(speaksUnicode({ LANG: 'C.UTF-8', TERM: 'dumb' }), false);
  assert.equal(speaksUnicode({}), false);
});

test('CSV quotes as RFC 4180 says', () => {
  assert.equal(csvLine(['a', null, 'b,c', 'say "x"', 'two\nlines', '']), 'a,,"b,c","say ""x""","two\nlines",\r\n');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText, visibleText } from '../../../src/cli/terminal/visible-text.ts';

test('what a terminal obeys is written as an escape', () => {
  const cases: [string, string][] = [
    ['plain ÄÖ 漢字 😀', 'plain ÄÖ 漢字 😀'],
    ['\u001B[2J\u001B]0;owned\u0007', '\\e[2J\\e]0;owned\\x07'],
    ['a\r\nb\tc', 'a\\r\\nb    c'],
    ['\u009B31m\u0085\u007F\0', '\\x9B31m\\x85\\x7F\\0'],
    ['\u202Etxt.exe\u2066\u200F\u061C', '\\u202Etxt.exe\\u2066\\u200F\\u061C'],
    ['zero\u200Bwidth\uFEFF', 'zero\\u200Bwidth\\uFEFF'],
    ['\u{E0041}', '\\u{E0041}'],
    ['\uD800', '\\uD800'],
    ['line\u2028paragraph\u2029', 'line\\u2028paragraph\\u2029'],
  ];
  for (const [foreign, shown] of cases) assert.equal(visibleText(foreign), shown);
});

test('no code point that Unicode calls control, format, surrogate or separator of lines comes through', () => {
  for (let code = 0; code <= 0x10_ff_ff; code += 1) {
    const text = String.fromCodePoint(code);
    // U+0600–0605, U+06DD, U+070F, U+0890–0891, U+08E2, U+110BD, U+110CD and the musical and hieroglyphic ones are visible signs.
    const isCommon = code < 0x600 || (code >= 0x1800 && code < 0x1_0000) || code >= 0xe_0000;
    if (!isCommon || !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) continue;
    assert.notEqual(visibleText(text), text, code.toString(16));
  }
});

test('text is cut by code points, not within one', () => {
  assert.equal(cutText('abcdef', 4, '…'), 'abc…');
  assert.equal(cutText('abcd', 4, '…'), 'abcd');
  assert.equal(cutText('😀😀😀', 2, '~'), '😀~');
  assert.equal(cutText('😀😀', 2, '~'), '😀😀');
  assert.equal(cutText('abc', Infinity, '~'), 'abc');
});

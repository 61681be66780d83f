import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressBar, renderProgress } from '../../src/cli/terminal/progress-bar.ts';

test('a bar is never wider than the terminal, and goes before its words do', () => {
  for (let width = 1; width < 120; width += 1) {
    for (const fraction of [0, 0.333, 1, 7, -1, NaN]) {
      assert.ok(renderProgress(fraction, '12,345 datagrams', width).length <= width);
    }
  }
  assert.equal(renderProgress(0.5, 'words', 30), '[███████▌       ]  50 %  words');
  assert.equal(renderProgress(0.5, 'words', 15), '50 %  words');
});

test('nothing is drawn where there is no terminal', () => {
  const written: string[] = [];
  const bar = new ProgressBar({ write: (text: string) => written.push(text) });
  bar.show(0.5, 'words');
  bar.end();
  assert.deepEqual(written, []);
});

test('the bar is gone at the end', () => {
  const written: string[] = [];
  const bar = new ProgressBar({ isTTY: true, columns: 60, write: (text: string) => written.push(text) });
  bar.show(0.5, 'words');
  bar.end();
  assert.match(written[0] ?? '', /50 %/);
  assert.equal(written[1], '\r\u001B[K');
});

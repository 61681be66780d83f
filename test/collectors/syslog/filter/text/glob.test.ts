import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGlobs } from '../../../../../collectors/syslog/filter/text/glob.ts';

test('a glob is met as a shell meets it, whatever the case', () => {
  const cases: [string, string, boolean][] = [
    ['*', '', true],
    ['*', 'anything', true],
    ['?', '', false],
    ['a*c', 'abbc', true],
    ['a*c', 'abcd', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b', 'baab', true],
    ['*ab', 'aab', true],
    ['a?c', 'aBC', true],
    ['SYS-5-*', 'sys-5-config_i', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
  ];
  for (const [glob, name, met] of cases) assert.equal(compileGlobs([glob])(name), met, `${glob} ${name}`);
});

test('any of several globs will do', () => {
  const isMatch = compileGlobs(['cron', 'CRON?', 'sys*']);
  assert.deepEqual(['cron', 'crond', 'systemd', 'sshd'].map(isMatch), [true, true, true, false]);
});

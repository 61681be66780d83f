import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RE2JS } from 're2js';
import { requiredWords } from '../../../../../collectors/syslog/filter/text/required-words.ts';
import { TextPattern } from '../../../../../collectors/syslog/filter/text/text-pattern.ts';
import { HandClock } from '../../../../support/hand-clock.ts';

test('the longest word that must be there is found, and of alternatives all', () => {
  const cases: [string, string[] | undefined][] = [
    ['Failed password for .* from [0-9.]+', ['Failed password for ']],
    ['state to (up|down)$', ['state to ']],
    ['(denied|refused)', ['denied', 'refused']],
    ['(?i)Denied|refuseD', ['denied', 'refused']],
    ['link( is)? down', [' down']],
    ['abc+de', ['ab']],
    ['abcd+e', ['abc']],
    ['(abc)+', ['abc']],
    ['(abc)*', undefined],
    ['(abc){0,3}', undefined],
    ['a\\.b\\[c', ['a.b[c']],
    ['\\bfan\\d+ failed', [' failed']],
    ['x(ab)y', ['xaby']],
    ['(abc|)', undefined],
    ['abc|.', undefined],
    ['[abc]', undefined],
    ['[[:alpha:]]]foo', [']foo']],
    ['[]x]foo', ['foo']],
    ['foo(?i)bar', undefined],
    ['(?i:foo)', undefined],
    ['\\Qa+b\\E', undefined],
    ['a', undefined],
    ['.*', undefined],
  ];
  for (const [source, words] of cases) assert.deepEqual(requiredWords(source)?.words, words, source);
});

test('looking for the words first hides no match: patterns and texts at random', () => {
  const random = generator(20_261_122);
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  const atoms = ['ab', 'a', 'B', 'sk', '.', '\\d', '[ab]', '[^a]', '\\.', 'S', '^', '$', '\\b', 'k1'];
  const quantifiers = ['', '', '', '?', '*', '+', '{2}', '{0,2}', '+?', '{1,}'];
  const pattern = (depth: number): string => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
      if (depth > 0 && random() < 0.3) return `${pick(['(', '(?:'])}${pattern(depth - 1)})${pick(quantifiers)}`;
      const atom = pick(atoms);
      return '^$\\b'.includes(atom) ? atom : atom + pick(quantifiers);
    });
    return parts.join(pick(['', '', '|']));
  };
  let matches = 0;
  for (let turn = 0; turn < 4000; turn++) {
    const source = pick(['', '(?i)']) + pattern(2);
    const reference = RE2JS.compile(source);
    const compiled = new TextPattern(source, new HandClock());
    for (let index = 0; index < 5; index++) {
      const letters = ['a', 'b', 'A', 'B', 's', 'ſ', 'S', 'k', '\u212a', '1', '.'];
      const text = Array.from({ length: Math.floor(random() * 12) }, () => pick(letters)).join('');
      const expected = reference.test(text);
      if (expected) matches += 1;
      assert.equal(compiled.test(text), expected, `${source} in ${JSON.stringify(text)}`);
    }
  }
  assert.ok(matches > 1000, `${matches} matches`);
});

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

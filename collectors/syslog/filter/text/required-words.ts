/** One of these must be in a text that a pattern matches. */
export interface RequiredWords {
  readonly words: readonly string[];
  /** The pattern does not tell cases apart: the words are in lower case, and so must be the text. */
  readonly anyCase: boolean;
}

/** Shorter words are in most texts, and spare nothing. */
const SHORTEST = 2;
const MOST_ALTERNATIVES = 16;
const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;

interface Reading {
  readonly source: string;
  at: number;
}

/** What one part of a pattern requires. `literal`: the part is this text and nothing else. */
interface Part {
  readonly words: readonly string[] | undefined;
  readonly literal: string | undefined;
}

const ANYTHING: Part = { words: undefined, literal: undefined };

/**
 * The words of which one must be in every text that a pattern of RE2 matches; undefined where the pattern does not tell,
 * or is not understood. `(up|down)$` requires up or down, `link .* failed` the longer of its two.
 *
 * Looking for plain words is many times as fast as asking the pattern, and nearly all messages have none of them. So
 * it may only err on one side: words that are not really required would hide a match.
 */
export function requiredWords(source: string): RequiredWords | undefined {
  // Flags in the middle, and quoted runs, change what the characters after them mean.
  const [flags = ''] = /^\(\?[ims]+\)/.exec(source) ?? [];
  const rest = source.slice(flags.length);
  if (/\(\?[^:)]|\\[QEpPxX0-9]|[^\0-\x7f]/.test(rest)) return undefined;
  const reading = { source: rest, at: 0 };
  const { words } = readAlternatives(reading);
  if (words === undefined || reading.at !== rest.length || shortestOf(words) < SHORTEST) return undefined;
  const anyCase = flags.includes('i');
  return { words: anyCase ? words.map((word) => word.toLowerCase()) : words, anyCase };
}

/** `a|b|c` up to a closing parenthesis or the end: one of the words of each, if each has some. */
function readAlternatives(reading: Reading): Part {
  const parts = [readSequence(reading)];
  while (reading.source[reading.at] === '|') {
    reading.at += 1;
    parts.push(readSequence(reading));
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const words = parts.flatMap((part) => part.words ?? []);
  const isTold = parts.every((part) => part.words !== undefined) && words.length <= MOST_ALTERNATIVES;
  return { words: isTold ? words : undefined, literal: undefined };
}

/** Parts one after the other: all of them are required, and the best one is kept. */
function readSequence(reading: Reading): Part {
  let best: readonly string[] | undefined;
  let run = '';
  let isLiteral = true;
  const endRun = (): void => {
    if (run.length > 0) best = better(best, [run]);
    run = '';
  };
  while (reading.at < reading.source.length && !'|)'.includes(reading.source[reading.at] ?? '')) {
    const part = readPart(reading);
    if (part.literal !== undefined) {
      run += part.literal;
      continue;
    }
    isLiteral = false;
    endRun();
    if (part.words !== undefined) best = better(best, part.words);
  }
  const literal = isLiteral ? run : undefined;
  endRun();
  return { words: best, literal };
}

/** The list whose shortest word is longer: it is found in fewer texts. */
function better(one: readonly string[] | undefined, other: readonly string[]): readonly string[] {
  return one === undefined || shortestOf(other) > shortestOf(one) ? other : one;
}

function shortestOf(words: readonly string[]): number {
  return Math.min(...words.map(({ length }) => length));
}

/** One character, class or group, with its quantifier. */
function readPart(reading: Reading): Part {
  const part = readAtom(reading);
  const [quantifier] = QUANTIFIER.exec(reading.source.slice(reading.at, reading.at + 24)) ?? [];
  if (quantifier === undefined) return part;
  reading.at += quantifier.length;
  // At least once: still required, but what follows need not follow the first of them.
  const isRequired = quantifier.startsWith('+') || /^\{0*[1-9]/.test(quantifier);
  if (!isRequired) return ANYTHING;
  const words = part.literal === undefined || part.literal === '' ? part.words : [part.literal];
  return { words, literal: undefined };
}

function readAtom(reading: Reading): Part {
  const { source } = reading;
  const character = source[reading.at] ?? '';
  reading.at += 1;
  if (character === '(') return readGroup(reading);
  if (character === '[') return readClass(reading);
  if (character === '\\') {
    const escaped = source[reading.at] ?? '';
    reading.at += 1;
    // Letters after a backslash are classes and places, but for punctuation it stands for itself.
    return /[A-Za-z]/.test(escaped) ? ANYTHING : { words: undefined, literal: escaped };
  }
  return '.^$'.includes(character) ? ANYTHING : { words: undefined, literal: character };
}

function readGroup(reading: Reading): Part {
  if (reading.source.startsWith('?:', reading.at)) reading.at += 2;
  const inner = readAlternatives(reading);
  if (reading.source[reading.at] !== ')') return fail(reading);
  reading.at += 1;
  return inner;
}

/** `[^]a-z[:digit:]]`: some character, which is no word. */
function readClass(reading: Reading): Part {
  const [inside] = /^\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/.exec(reading.source.slice(reading.at)) ?? [];
  if (inside === undefined) return fail(reading);
  reading.at += inside.length;
  return ANYTHING;
}

/** Not understood: the end is never reached. */
function fail(reading: Reading): Part {
  reading.at = reading.source.length + 1;
  return ANYTHING;
}

/**
 * A test for names by globs, whatever their case: `*` is any run of characters, `?` one of them, all else itself. Any of
 * the globs will do. Costs at most the product of the two lengths.
 */
export function compileGlobs(globs: readonly string[]): (name: string) => boolean {
  const lower = globs.map((glob) => glob.toLowerCase());
  const exact = new Set(lower.filter((glob) => !/[*?]/.test(glob)));
  const wild = lower.filter((glob) => /[*?]/.test(glob));
  return (name) => {
    const text = name.toLowerCase();
    return exact.has(text) || wild.some((glob) => matchesGlob(glob, text));
  };
}

const STAR = 0x2a;
const ANY = 0x3f;

/** Only the last `*` is ever taken back, which is enough: what an earlier one could take, the later one can too. */
function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let starAt = -1;
  let retryAt = 0;
  while (position < text.length) {
    const expected = at < glob.length ? glob.charCodeAt(at) : -1;
    if (expected === STAR) {
      starAt = at++;
      retryAt = position;
    } else if (expected === ANY || expected === text.charCodeAt(position)) {
      at++;
      position++;
    } else if (starAt >= 0) {
      at = starAt + 1;
      position = ++retryAt;
    } else return false;
  }
  while (at < glob.length && glob.charCodeAt(at) === STAR) at++;
  return at === glob.length;
}

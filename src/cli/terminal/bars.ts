const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar for a share from 0 to 1, at most `cells` wide; what is more than nothing shows at least a trace. */
export function barText(share: number, cells: number, unicode: boolean): string {
  const part = Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share));
  if (!unicode) return '#'.repeat(part > 0 ? Math.max(1, Math.round(part * cells)) : 0);
  const eighths = part > 0 ? Math.max(1, Math.round(part * cells * 8)) : 0;
  return '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '');
}

/**
 * Whether the terminal shows more than ASCII: by the locale's character set (POSIX: LC_ALL, else LC_CTYPE, else LANG), and
 * no by the terminals that have no blocks of eighths.
 */
export function speaksUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(Boolean) ?? '';
  const terminal = environment['TERM'] ?? '';
  return /utf-?8/i.test(locale) && terminal !== 'dumb' && terminal !== 'linux' && !terminal.startsWith('vt');
}

/** The part of a stream that is needed; `process.stdout` is one. */
interface MaybeTerminal {
  readonly isTTY?: boolean;
}

/** Whether to write colours: to a terminal that has them, unless NO_COLOR (no-color.org) says that nobody wants them. */
export function speaksColour(
  stream: MaybeTerminal,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** Select Graphic Rendition (ECMA-48, 8.3.117) by severity: emerg to debug. */
const SEVERITY_CODES = ['1;37;41', '1;31', '1;31', '31', '33', '36', '', '2'] as const;

/** `text` in the colour of a severity; as it is where that has none. */
export function severityColour(text: string, severity: number | undefined): string {
  const code = severity === undefined ? '' : (SEVERITY_CODES[severity] ?? '');
  return code === '' ? text : `\u001B[${code}m${text}\u001B[0m`;
}

/** `text`, less bright. */
export function faint(text: string): string {
  return `\u001B[2m${text}\u001B[0m`;
}

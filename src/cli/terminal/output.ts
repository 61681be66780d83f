import { once } from 'node:events';

/** Writes to standard output, and waits while its reader is slow, so that a long answer is never all in memory. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** JSON text without the controls that JSON allows and a terminal obeys (DEL and C1): they are escaped. */
export function terminalSafeJson(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u007F-\u009F]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

/** Columns of the terminal on standard output; Infinity where there is none, so that a file or a pipe gets everything. */
export function outputWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Infinity;
}

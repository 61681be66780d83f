import { hostname, userInfo } from 'node:os';
import { TIME } from './dialects/device-time.ts';
import { type Piece, text } from './dialects/message-text.ts';

export interface SingleMessage {
  readonly message: string;
  readonly facility: number;
  readonly severity: number;
  /** APP-NAME, or the tag. Default: the user's name, as logger(1) has it. */
  readonly app?: string | undefined;
  /** `rfc5424`: RFC 5424 with NILVALUEs; `bsd`: RFC 3164. */
  readonly format: 'rfc5424' | 'bsd';
}

/** One message of this host, as logger(1) would send it. */
export function singleMessage({ message, facility, severity, app, format }: SingleMessage): readonly Piece[] {
  const priority = facility * 8 + severity;
  const from = printable(hostname(), 255);
  const name = printable(app ?? userInfo().username, 48); // APP-NAME, RFC 5424 section 6
  if (format === 'bsd') return text`<${priority}>${TIME.bsd} ${from.split('.')[0] ?? from} ${name}: ${message}`;
  return text`<${priority}>1 ${TIME.rfc3339} ${from} ${name} - - - ${message}`;
}

/** PRINTUSASCII (RFC 5424 section 6), and never nothing. */
function printable(word: string, longest: number): string {
  return word.replaceAll(/[^\x21-\x7e]+/g, '_').slice(0, longest) || '-';
}

import { SEVERITY_NAMES } from '../../query/logs/severities.ts';
import { faint, severityColour } from '../terminal/colour.ts';
import { type LineStyle, timeText } from '../records/line-style.ts';
import { cutText, visibleText } from '../terminal/visible-text.ts';

const SEVERITY_CELLS = 7;
/** Names up to this long stand below each other. */
const MOST_NAME_CELLS = 24;

/**
 * Messages as lines for people: time, severity, device, program, mnemonic, text. The first column of names is as wide as the
 * longest so far, so that lines stay below each other.
 */
export class MessageLines {
  readonly #style: LineStyle;
  #nameCells = 0;

  constructor(style: LineStyle) {
    this.#style = style;
  }

  /** One line, with its end. `row`: the columns of `LINE_COLUMNS`. */
  line(row: readonly (string | null)[]): string {
    const [receivedAt, severity, device, hostname, app, process, mnemonic, message] = row;
    const number = severity === null || severity === undefined ? undefined : Number(severity);
    const head = [timeText(receivedAt, this.#style), severityWord(number), this.#name(hostname ?? device ?? '')].join(
      ' ',
    );
    // Cisco's mnemonic stands in the place of the program as well.
    const code = app === `%${mnemonic}` ? '' : visibleText(mnemonic ?? '');
    const body = [program(app, process), code, visibleText(message ?? '')];
    const text = `${head} ${body.filter(Boolean).join(' ')}`;
    const cut = cutText(text.trimEnd(), this.#style.width, this.#style.unicode ? '…' : '~');
    return `${this.#style.colour ? coloured(cut, number, timeText(new Date(0).toISOString(), this.#style).length) : cut}\n`;
  }

  #name(foreign: string): string {
    const name = visibleText(foreign);
    this.#nameCells = Math.max(this.#nameCells, Math.min(name.length, MOST_NAME_CELLS));
    return name.padEnd(this.#nameCells);
  }
}

function severityWord(number: number | undefined): string {
  return (number === undefined ? '-' : (SEVERITY_NAMES[number] ?? String(number))).padEnd(SEVERITY_CELLS);
}

/** `sshd[4711]:` */
function program(app: string | null | undefined, process: string | null | undefined): string {
  if ((app ?? '') === '') return '';
  return visibleText(`${app}${(process ?? '') === '' ? '' : `[${process}]`}:`);
}

/** The severity's word in its colour, and of the severe ones the whole line; the time stays in the background. */
function coloured(line: string, severity: number | undefined, timeCells: number): string {
  const rest = line.slice(timeCells + 1);
  const word = rest.slice(0, SEVERITY_CELLS);
  const isSevere = severity !== undefined && severity <= 3;
  const shown = isSevere ? severityColour(rest, severity) : severityColour(word, severity) + rest.slice(SEVERITY_CELLS);
  return `${faint(line.slice(0, timeCells))} ${shown}`;
}

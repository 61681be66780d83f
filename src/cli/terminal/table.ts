/** A column of words or, with `right`, of numbers. */
export interface TableColumn {
  readonly title: string;
  readonly right?: boolean;
  /** May be cut short where the terminal is narrow. */
  readonly shrinks?: boolean;
}

export interface TableOptions {
  /** Of the terminal; nothing is cut by default. */
  readonly width?: number;
  /** Whether `…` may be written; ASCII is `~`. */
  readonly unicode?: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 8;

// C0, DEL and C1 controls, and what changes the direction of text: names come from devices, and a terminal obeys them.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;

/** Columns as wide as what they hold. Titles, then the rows, a line each. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const table = new Table(columns, options);
  return table.head(rows) + table.body(rows);
}

/** A table that comes in parts: the first rows decide the widths, and later ones keep to them. */
export class Table {
  readonly #columns: readonly TableColumn[];
  readonly #width: number;
  readonly #ellipsis: string;
  #widths: number[] = [];

  constructor(columns: readonly TableColumn[], options: TableOptions = {}) {
    this.#columns = columns;
    this.#width = options.width ?? Infinity;
    this.#ellipsis = options.unicode === false ? '~' : '…';
  }

  /** The line of titles; `rows` are those that the widths are made for. */
  head(rows: readonly (readonly string[])[]): string {
    const titles = this.#columns.map(({ title }) => title);
    const longest = titles.map((title, column) =>
      rows.reduce((most, row) => Math.max(most, cellWidth(printable(row[column] ?? ''))), cellWidth(title)),
    );
    this.#widths = shrink(this.#columns, longest, this.#width);
    return this.#line(titles);
  }

  body(rows: readonly (readonly string[])[]): string {
    return rows.map((row) => this.#line(row)).join('');
  }

  #line(cells: readonly string[]): string {
    const padded = this.#columns.map((column, index) => {
      const width = this.#widths[index] ?? 0;
      const text = this.#fit(printable(cells[index] ?? ''), column.shrinks === true ? width : Infinity);
      const blanks = ' '.repeat(Math.max(0, width - cellWidth(text)));
      return column.right === true ? blanks + text : text + blanks;
    });
    return `${this.#fit(padded.join(GAP).trimEnd(), this.#width)}\n`;
  }

  #fit(text: string, width: number): string {
    if (cellWidth(text) <= width) return text;
    return (
      Array.from(text)
        .slice(0, Math.max(0, width - 1))
        .join('') + this.#ellipsis
    );
  }
}

/** Foreign text without what a terminal would obey. */
function printable(text: string): string {
  return text.replaceAll(CONTROLS, '\uFFFD');
}

/** Takes from the widest column that may shrink until all fit, or until none can give more. */
function shrink(columns: readonly TableColumn[], longest: readonly number[], width: number): number[] {
  const widths = [...longest];
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width) {
    const candidates = widths.map((each, index) => (columns[index]?.shrinks === true ? each : 0));
    const most = Math.max(...candidates);
    if (most <= LEAST_WIDTH) break;
    widths[candidates.indexOf(most)] = most - 1;
  }
  return widths;
}

/** One cell a code point: names of devices are hardly ever wider. */
function cellWidth(text: string): number {
  let cells = 0;
  for (const _ of text) cells += 1;
  return cells;
}

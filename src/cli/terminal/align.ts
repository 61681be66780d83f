/** A column of words or, with `right`, of numbers. */
export interface AlignedColumn {
  readonly title: string;
  readonly right?: boolean;
}

/** Lines with columns as wide as their widest cell, two blanks between; cut at `width`. */
export function alignColumns(
  columns: readonly AlignedColumn[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, column) => lines.reduce((most, line) => Math.max(most, line[column]?.length ?? 0), 0));
  const cell = (text: string, column: number) =>
    columns[column]?.right === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return lines.map((line) => `${line.map(cell).join('  ').trimEnd().slice(0, width)}\n`).join('');
}

import type { MibReport } from '../../mibs/compile-mibs.ts';
import { counted, grouped } from '../terminal/figures.ts';

/** Findings as `file:line: severity: sentence`, as compilers write them, then the sum. */
export function checkText({ files, findings }: MibReport, paths: readonly string[]): string {
  const sorted = [...findings].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  const lines = sorted.map(({ file, line, severity, module, message }) => {
    const place = line === 0 ? file : `${file}:${line}`;
    return `${place}: ${severity}: ${module === undefined ? '' : `${module}: `}${message}\n`;
  });
  if (files.length === 0 && findings.length === 0) return `No MIB files in ${paths.join(', ')}.\n`;
  const names = files.reduce((sum, each) => sum + each.names, 0);
  const lost = files.reduce((sum, each) => sum + each.lost, 0);
  const sum = [counted(files.length, 'module'), counted(names, 'name')];
  if (lost > 0) sum.push(`${grouped(lost)} without a place in the tree`);
  return `${lines.join('')}${lines.length === 0 ? '' : '\n'}${sum.join(', ')}.\n`;
}

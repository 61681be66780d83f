import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RESULTS = join(dirname(dirname(fileURLToPath(import.meta.url))), 'results');

/** What a benchmark found: one table for people, everything measured for programs. */
export interface BenchmarkReport {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table: what was checked, what the figures mean. */
  readonly notes: readonly string[];
  /** Everything that was measured, for the JSON file. */
  readonly measured: unknown;
  /** Names the targets that were missed; empty when all was well. */
  readonly failures: readonly string[];
}

/** Where a figure comes from: without it a figure says nothing. */
export interface Surroundings {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
}

export function describeSurroundings(): Surroundings {
  return {
    date: new Date().toISOString(),
    commit: currentCommit(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** Prints the table as Markdown, so that it can go into a document as it is. */
export function printReport(report: BenchmarkReport, surroundings: Surroundings): void {
  const { date, commit, cpu, cores, memoryGiB, node } = surroundings;
  const lines = [
    '',
    `## ${report.title}`,
    '',
    ...markdownTable(report.columns, report.rows),
    '',
    ...report.notes,
    `${date.slice(0, 10)}, commit ${commit}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}.`,
    ...report.failures.map((failure) => `FAILED: ${failure}`),
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

/** @returns the path of the JSON file */
export async function saveReport(name: string, report: BenchmarkReport, surroundings: Surroundings): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const path = join(RESULTS, `${name}.json`);
  await writeFile(path, `${JSON.stringify({ name, ...surroundings, ...report }, null, 2)}\n`);
  return path;
}

/** Text on the left, figures on the right. */
function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, index) => (index === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(columns), rule, ...rows.map(line)];
}

function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { LossLine } from '../../src/query/losses.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));

/** What `dogwatch loss` says of the last hour. @param folder of a `CollectorProcess` */
export async function lossLedger(folder: string): Promise<LossLine[]> {
  const words = ['loss', '--last', '1h', '--family', 'flow', '--json', '--config', join(folder, 'dogwatch.yaml')];
  const { stdout } = await promisify(execFile)(process.execPath, [LAUNCHER, ...words]);
  const lines: LossLine[] = JSON.parse(stdout);
  return lines;
}

/** Fields whose sums say what became of all that was sent. */
export type LossField = 'sent' | 'lost' | 'rows' | 'dropped' | 'rejected' | 'stored' | 'waiting';

/** The sum of a field over all lines. */
export function sumOf(lines: readonly LossLine[], field: LossField): number {
  return lines.reduce((sum, line) => sum + (line[field] ?? 0), 0);
}

import type { CaptureTally } from '../../traffic/pcap.ts';
import { grouped } from '../terminal/figures.ts';

/** What of a capture could not be used, in lines for people; empty where there is nothing to say. */
export function captureLines(file: string, tally: CaptureTally): string {
  const lines: string[] = [];
  if (tally.problem !== undefined) lines.push(`${file}: ${tally.problem}\n`);
  const skipped = [...tally.skipped].map(([reason, count]) => `${grouped(count)} ${reason}`);
  if (skipped.length > 0) lines.push(`${file}: ${skipped.join(', ')}, of ${grouped(tally.packets)} packets\n`);
  return lines.join('');
}

import type { Gap } from '../../query/losses.ts';
import { grouped } from '../terminal/figures.ts';

const SHOWN = 3;

/** What is missing in an answer about flows, in words, under it; empty where nothing is. */
export function gapsText(gaps: readonly Gap[]): string {
  if (gaps.length === 0) return '';
  const lines = gaps
    .slice(0, SHOWN)
    .flatMap(({ exporter, lostShare, rowsLost }) => [
      ...(lostShare > 0
        ? [`${(lostShare * 100).toPrecision(2)} % of what ${exporter} sent in this time did not arrive.`]
        : []),
      ...(rowsLost > 0
        ? [`${grouped(rowsLost)} flows of ${exporter} arrived and were lost at the journal's bound.`]
        : []),
    ]);
  const others = gaps.length > SHOWN ? [`${gaps.length - SHOWN} more exporters have gaps.`] : [];
  return `\n${[...lines, ...others, 'See dogwatch loss.'].join('\n')}\n`;
}

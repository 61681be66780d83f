import type { Gap } from '../../query/losses.ts';
import { grouped } from '../terminal/figures.ts';

const SHOWN = 3;

/** What is missing in an answer about flows, in words, under it; empty where nothing is. */
export function gapsText(gaps: readonly Gap[]): string {
  if (gaps.length === 0) return '';
  const lines = gaps.slice(0, SHOWN).flatMap(gapLines);
  const more = gaps.length - SHOWN;
  const others = more > 0 ? [more === 1 ? '1 more exporter has gaps.' : `${more} more exporters have gaps.`] : [];
  return `\n${[...lines, ...others, 'See dogwatch loss.'].join('\n')}\n`;
}

function gapLines({ exporter, lostShare, rowsLost, rowsRejected, setsExpired, undecodable }: Gap): string[] {
  const said: readonly (readonly [amount: number, text: string])[] = [
    [lostShare, `${(lostShare * 100).toPrecision(2)} % of what ${exporter} sent in this time did not arrive.`],
    [rowsLost, `${grouped(rowsLost)} flows of ${exporter} arrived and were lost at the journal's bound.`],
    [rowsRejected, `${grouped(rowsRejected)} flows of ${exporter} were refused by the database.`],
    [setsExpired, `${grouped(setsExpired)} sets of flows of ${exporter} waited for their template in vain.`],
    [undecodable, `${grouped(undecodable)} datagrams, sets or records of ${exporter} could not be decoded.`],
  ];
  return said.flatMap(([amount, text]) => (amount > 0 ? [text] : []));
}

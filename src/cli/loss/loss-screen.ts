import { type LossLine, lostShare } from '../../query/losses.ts';
import { grouped } from '../terminal/figures.ts';
import { renderTable, type TableOptions } from '../terminal/table.ts';

/** Shown only where one of the lines has something there. */
const TROUBLES: readonly (readonly [title: string, value: (line: LossLine) => number])[] = [
  ['lost', ({ lost }) => lost],
  ['~kernel', ({ kernelDrops }) => kernelDrops],
  ['twice', ({ duplicates }) => duplicates],
  ['late', ({ reordered }) => reordered],
  ['restarts', ({ restarts }) => restarts],
  ['undecodable', ({ undecodable }) => undecodable],
  ['held', ({ held }) => held],
  ['expired', ({ heldExpired }) => heldExpired],
];
const FATES: readonly (readonly [title: string, value: (line: LossLine) => number])[] = [
  ['filtered', ({ filtered }) => filtered],
  ['dropped', ({ dropped }) => dropped],
  ['rejected', ({ rejected }) => rejected],
  ['waiting', ({ waiting }) => waiting],
];

/** A line for each sender or minute; columns that are zero everywhere are left out. */
export function lossTable(lines: readonly LossLine[], by: 'sender' | 'minute', options: TableOptions): string {
  if (lines.length === 0)
    return 'Nothing of this time is in the ledger. (What has just come is counted within ten seconds.)\n';
  const used = (columns: typeof TROUBLES) => columns.filter(([, value]) => lines.some((line) => value(line) !== 0));
  const [troubles, fates] = [used(TROUBLES), used(FATES)];
  const right = (title: string) => ({ title, right: true });
  const columns = [
    { title: by },
    { title: 'family' },
    right('datagrams'),
    right('sent'),
    ...troubles.map(([title]) => right(title)),
    right('lost %'),
    right('rows'),
    ...fates.map(([title]) => right(title)),
    right('stored'),
  ];
  const rows = lines.map((line) => [
    line.key,
    line.family,
    grouped(line.datagrams),
    line.sent === null ? '' : grouped(line.sent),
    ...troubles.map(([, value]) => grouped(value(line))),
    percent(lostShare(line)),
    grouped(line.rows),
    ...fates.map(([, value]) => grouped(value(line))),
    grouped(line.stored),
  ]);
  return renderTable(columns, rows, options);
}

/** `truncated_set 12, unknown_version 3`: the most frequent first. */
export function reasonsText(reasons: LossLine['reasons']): string {
  const known = Object.entries(reasons).toSorted(([, one], [, other]) => other - one);
  return known.map(([reason, count]) => `${reason} ${grouped(count)}`).join(', ');
}

/** In words: the worst of each kind of loss, and what to do about it. */
export function lossAdvice(lines: readonly LossLine[], by: 'sender' | 'minute'): string {
  const whose = (line: LossLine): string => (by === 'sender' ? line.key : `the minute ${line.key}`);
  const worst = (value: (line: LossLine) => number): LossLine | undefined =>
    lines.filter((line) => value(line) > 0).toSorted((one, other) => value(other) - value(one))[0];
  const advice: (readonly [LossLine | undefined, (line: LossLine) => string])[] = [
    [
      worst(({ kernelDrops }) => kernelDrops),
      (line) =>
        `About ${grouped(line.kernelDrops)} datagrams of ${whose(line)} came and were dropped by the kernel: raise net.core.rmem_max and receiveBuffer, or give the collector more processor time.`,
    ],
    [
      worst(lostOnTheWay),
      (line) =>
        `${percent(lostOnTheWay(line) / (line.sent ?? 1))} % of what ${whose(line)} sent did not come as far as here: look at the path, and at the exporter's own queue.`,
    ],
    [
      worst(({ undecodable }) => undecodable),
      (line) => `${grouped(line.undecodable)} of ${whose(line)} could not be decoded: ${reasonsText(line.reasons)}.`,
    ],
    [
      worst(({ heldExpired }) => heldExpired),
      (line) =>
        `${grouped(line.heldExpired)} sets of ${whose(line)} waited for a template in vain: let the exporter send templates more often.`,
    ],
    [
      worst(({ dropped }) => dropped),
      (line) =>
        `${grouped(line.dropped)} rows of ${whose(line)} were lost at the bound of the journal: the database was away for longer than journal.maxBytes or the disk lasts.`,
    ],
    [
      worst(({ rejected }) => rejected),
      (line) => `${grouped(line.rejected)} rows of ${whose(line)} were refused by the database: see rejected_rows.`,
    ],
    [
      worst(({ waiting }) => waiting),
      () =>
        'Rows are counted as stored some seconds after the minute in which they came, and wait until then; what waits for longer has not been written yet: dogwatch status shows the journal.',
    ],
  ];
  const said = advice.flatMap(([line, say]) => (line === undefined ? [] : [say(line)]));
  return said.length === 0 ? '' : `\n${said.join('\n')}\n`;
}

/** Of what is lost that which the kernel did not drop, in the unit of the sequence numbers: as many to a datagram as in those that came. */
function lostOnTheWay({ sent, lost, datagrams, kernelDrops }: LossLine): number {
  const arrived = (sent ?? 0) - lost;
  const perDatagram = datagrams > 0 && arrived > 0 ? arrived / datagrams : 1;
  return lost - kernelDrops * perDatagram;
}

/** Two digits that mean something; nothing where nobody counts. */
function percent(share: number | undefined): string {
  if (share === undefined) return '';
  const value = share * 100;
  return value === 0 ? '0' : value < 0.01 ? '<0.01' : value.toPrecision(2);
}

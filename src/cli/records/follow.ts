import type { DatabaseClient } from '../../../storage/database/database.ts';
import { followRecords, type RecordNews } from '../../query/records/follow-records.ts';
import type { RecordSearch } from '../../query/records/search-records.ts';
import { systemClock } from '../../runtime/clock.ts';
import { EXIT } from '../exit-codes.ts';
import { onStopSignals } from '../run/stop-signals.ts';
import { grouped } from '../terminal/figures.ts';
import { writeOut } from '../terminal/output.ts';
import type { RecordWriter } from './record-writers.ts';

/** Prints what comes until Ctrl-C. While the terminal is busy what comes is gathered, and what is too much is counted. */
export async function followToOutput(
  client: DatabaseClient,
  search: RecordSearch,
  writer: RecordWriter,
  { perSecond, noticesInside, what }: { perSecond: number; noticesInside: boolean; what: string },
): Promise<void> {
  const stopping = new AbortController();
  const restore = onStopSignals(
    () => stopping.abort(),
    // A reader that never reads on.
    () => process.exit(EXIT.interrupted),
  );
  try {
    const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
    const print = (text: string) => (text === '' ? Promise.resolve() : Promise.race([writeOut(text), stopped]));
    await print(writer.head);
    const following = { backlog: search, perSecond, signal: stopping.signal, clock: systemClock };
    for await (const news of followRecords(client, following)) {
      const notice = noticeOf(news, what);
      if (notice !== '' && !noticesInside) process.stderr.write(notice);
      await print((noticesInside ? notice : '') + writer.text(news.rows));
      if (stopping.signal.aborted) return;
    }
  } finally {
    restore();
  }
}

/** What was left out before these rows (`what` they are: messages), on a line of its own; nothing where nothing was. */
export function noticeOf({ skipped, unread }: Pick<RecordNews, 'skipped' | 'unread'>, what: string): string {
  const parts = [
    ...(skipped > 0 ? [`${grouped(skipped)} more that match were skipped`] : []),
    ...(unread > 0 ? [`${grouped(unread)} were not looked at`] : []),
  ];
  return parts.length === 0 ? '' : `--- too many ${what}: ${parts.join(', ')} ---\n`;
}

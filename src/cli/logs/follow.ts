import type { DatabaseClient } from '../../../storage/database/database.ts';
import { followLogs, type LogNews } from '../../query/follow-logs.ts';
import type { LogSearch } from '../../query/search-logs.ts';
import { systemClock } from '../../runtime/clock.ts';
import { EXIT } from '../exit-codes.ts';
import { onStopSignals } from '../run/stop-signals.ts';
import { grouped } from '../terminal/figures.ts';
import { writeOut } from '../terminal/output.ts';
import type { LogWriter } from './log-writers.ts';

/** Prints what comes until Ctrl-C. While the terminal is busy what comes is gathered, and what is too much is counted. */
export async function followToOutput(
  client: DatabaseClient,
  search: LogSearch,
  writer: LogWriter,
  { perSecond, noticesInside }: { perSecond: number; noticesInside: boolean },
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
    for await (const news of followLogs(client, following)) {
      const notice = noticeOf(news);
      if (notice !== '' && !noticesInside) process.stderr.write(notice);
      await print((noticesInside ? notice : '') + writer.text(news.rows));
      if (stopping.signal.aborted) return;
    }
  } finally {
    restore();
  }
}

/** What was left out before these rows, on a line of its own; nothing where nothing was. */
export function noticeOf({ skipped, unread }: Pick<LogNews, 'skipped' | 'unread'>): string {
  const parts = [
    ...(skipped > 0 ? [`${grouped(skipped)} more that match were skipped`] : []),
    ...(unread > 0 ? [`${grouped(unread)} were not looked at`] : []),
  ];
  return parts.length === 0 ? '' : `--- too many messages: ${parts.join(', ')} ---\n`;
}

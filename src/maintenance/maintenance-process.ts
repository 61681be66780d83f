import { RecentTimesUpkeep } from '../../storage/database/text-search/recent-times.ts';
import { TextSearchUpkeep } from '../../storage/database/text-search/text-search-upkeep.ts';
import { snmpCredentials } from '../collector/families.ts';
import { pollerOptions } from '../collector/options.ts';
import { giveUpRoot } from '../collector/privileges.ts';
import { Poller } from '../polling/poller.ts';
import { liveAsChild } from '../processes/child-life.ts';
import type { ProcessStart } from '../processes/starts.ts';
import { systemClock } from '../runtime/clock.ts';
import { Lifecycle } from '../runtime/lifecycle.ts';
import { createLog } from '../runtime/log.ts';
import type { MaintenanceHears, MaintenanceSays } from './maintenance-words.ts';

/** The process that does what is due in the database now and then. */

const STOP_PART_MS = 2000;
/** Batches older than this that are not written yet are a backlog. */
const BACKLOG_MS = 5000;

let lifecycle: Lifecycle | undefined;

liveAsChild<MaintenanceHears, MaintenanceSays, ProcessStart>({
  async start({ config, database, account }, channel, _sockets, name) {
    const log = createLog(config.log.level).child({ process: name });
    lifecycle = new Lifecycle(log, STOP_PART_MS);
    let backlogMs = 0;
    channel.on('maintenance.backlog', (oldestMs) => (backlogMs = oldestMs));
    const holdBack = (): string | undefined => (backlogMs > BACKLOG_MS ? 'batches wait to be written' : undefined);
    const credentials = snmpCredentials(config);
    const search = new TextSearchUpkeep(database, { holdBack }, systemClock, log);
    const poller = new Poller(database, credentials.polling, pollerOptions(config), systemClock, log);
    for (const each of [search, new RecentTimesUpkeep(database, systemClock, log), poller]) await lifecycle.start(each);
    channel.answer('maintenance.report', () => ({
      search: search.status,
      polls: poller.totals.polls,
      pollFailures: poller.totals.failures,
    }));
    if (account !== undefined) giveUpRoot(account);
  },
  stop: async () => lifecycle?.stop(),
});

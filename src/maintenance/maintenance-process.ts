// First of all: see there.
import './load-driver.ts';
import { connectRedis } from '../../storage/redis/redis-client.ts';
import { keyPrefix } from '../../storage/redis/shared-batches.ts';
import { snmpCredentials } from '../collector/families.ts';
import { giveUpRoot } from '../collector/privileges.ts';
import type { Config } from '../config/schema.ts';
import { readSnmpCredentials } from '../config/snmp-credentials.ts';
import { channelsOf } from '../notifications/channels.ts';
import { Notifier } from '../notifications/notifier.ts';
import { liveAsChild } from '../processes/child-life.ts';
import type { ProcessStart } from '../processes/starts.ts';
import { messageOf } from '../runtime/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { FileWatch } from '../runtime/file-watch.ts';
import { Lifecycle } from '../runtime/lifecycle.ts';
import { createLog, type Log } from '../runtime/log.ts';
import type { JobQueuePlace } from './job-queue.ts';
import { openMaintenance } from './maintenance.ts';
import type { MaintenanceHears, MaintenanceSays } from './maintenance-words.ts';

/** The process that does what is due in the database now and then. */

const STOP_PART_MS = 2000;
/** Batches older than this that are not written yet are a backlog. */
const BACKLOG_MS = 5000;

/** Longer than a worker of BullMQ waits for a job. */
const JOBS_TIMEOUT_MS = 60_000;

let lifecycle: Lifecycle | undefined;

liveAsChild<MaintenanceHears, MaintenanceSays, ProcessStart>({
  async start({ config, database, account }, channel, _sockets, name) {
    const log = createLog(config.log.level).child({ process: name });
    lifecycle = new Lifecycle(log, STOP_PART_MS);
    let backlogMs = 0;
    channel.on('maintenance.backlog', (oldestMs) => (backlogMs = oldestMs));
    const holdBack = (): string | undefined => (backlogMs > BACKLOG_MS ? 'batches wait to be written' : undefined);
    const place = config.queue === 'bullmq' ? redisPlace(config, log) : undefined;
    const parts = { holdBack, ...(place === undefined ? {} : { place }) };
    const maintenance = await openMaintenance(config, snmpCredentials(config), database, [], lifecycle, log, parts);
    const { credentialsFile } = config.snmp;
    if (credentialsFile !== undefined) {
      const options = { what: 'credentials for polling', files: [credentialsFile] };
      const reload = (): void => maintenance.replacePollRules(readSnmpCredentials(credentialsFile).polling);
      await lifecycle.start(new FileWatch(options, reload, systemClock, log));
    }
    const toTell = { pair: config.ha?.pair ?? config.node.name, notify: config.notify };
    await lifecycle.start(new Notifier(toTell, channelsOf(config.notify), database, systemClock, log));
    channel.answer('maintenance.report', () => maintenance.status());
    if (account !== undefined) giveUpRoot(account);
  },
  stop: async () => lifecycle?.stop(),
});

/** The schedule lies where the queue is. */
function redisPlace({ redis }: Config, log: Log): JobQueuePlace {
  const { prefix, ...address } = redis;
  const onError = (error: Error): void => log.debug({ error: messageOf(error) }, 'connection of the jobs to Redis');
  return {
    kind: 'redis',
    connection: connectRedis(address, 'wait', JOBS_TIMEOUT_MS, onError),
    prefix: keyPrefix(prefix),
  };
}

import { exposeCollector } from '../collector/metrics/collector-metrics.ts';
import { giveUpRoot } from '../collector/privileges.ts';
import { channelsOf } from '../notifications/channels.ts';
import { tellChannels } from '../notifications/tell-channels.ts';
import { liveAsChild } from '../processes/child-life.ts';
import type { ProcessStart } from '../processes/starts.ts';
import { createLog } from '../runtime/log.ts';
import { Metrics } from '../runtime/metrics.ts';
import type { ExporterReport } from '../worker/worker-report.ts';
import type { ConsoleHears, ConsoleSays } from './console-words.ts';
import { HttpServer } from './http-server.ts';
import type { CollectorStatus } from './status.ts';

/**
 * The process that answers HTTP: whoever scrapes, however often, costs no datagram. It tells operators while the database is away, too,
 * since it is there on every node, and a slow mail server stands in nobody's way here.
 */

const KEEPER_ANSWERS_MS = 5000;

let server: HttpServer | undefined;

liveAsChild<ConsoleHears, ConsoleSays, ProcessStart>({
  async start({ config, account }, channel, _sockets, name) {
    const log = createLog(config.log.level).child({ process: name });
    // Before root is given up: certificates are read.
    const channels = channelsOf(config.notify);
    const ask = (): Promise<CollectorStatus> => channel.request('console.status', undefined, KEEPER_ANSWERS_MS);
    let status = await ask();
    let exporters: readonly ExporterReport[] = [];
    const metrics = new Metrics();
    exposeCollector(
      metrics,
      () => status,
      () => exporters,
    );
    server = new HttpServer(config.http, metrics, {
      status: ask,
      async refresh() {
        [status, exporters] = await Promise.all([
          ask(),
          channel.request('console.exporters', undefined, KEEPER_ANSWERS_MS),
        ]);
      },
    });
    channel.answer('console.tell', ({ notification, done }) => tellChannels(channels, notification, done, log));
    await server.start();
    if (account !== undefined) giveUpRoot(account);
  },
  stop: async () => server?.stop(),
});

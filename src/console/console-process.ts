import { exposeCollector } from '../collector/metrics/collector-metrics.ts';
import { giveUpRoot } from '../collector/privileges.ts';
import { liveAsChild } from '../processes/child-life.ts';
import type { ProcessStart } from '../processes/starts.ts';
import { Metrics } from '../runtime/metrics.ts';
import type { ExporterReport } from '../worker/worker-report.ts';
import type { ConsoleHears, ConsoleSays } from './console-words.ts';
import { HttpServer } from './http-server.ts';
import type { CollectorStatus } from './status.ts';

/** The process that answers HTTP: whoever scrapes, however often, costs no datagram. */

const KEEPER_ANSWERS_MS = 5000;

let server: HttpServer | undefined;

liveAsChild<ConsoleHears, ConsoleSays, ProcessStart>({
  async start({ config, account }, channel) {
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
    await server.start();
    if (account !== undefined) giveUpRoot(account);
  },
  stop: async () => server?.stop(),
});

import type { WarmEntry } from '../../collectors/warm-state.ts';
import { liveAsChild } from '../processes/child-life.ts';
import { createLog } from '../runtime/log.ts';
import { Worker } from './worker.ts';
import type { WorkerHears, WorkerSays, WorkerStart } from './worker-words.ts';

/** The process that receives, decodes, journals and writes. */

const KEEPER_TAKES_MS = 10_000;
/** A keeper that is started again at once wants the ports after about a second. */
const ORPHAN_MS = 2000;

let stop = (): Promise<void> => Promise.resolve();
let orphan = (): void => {};

liveAsChild<WorkerHears, WorkerSays, WorkerStart>({
  async start(start, channel, sockets, name) {
    const log = createLog(start.config.log.level).child({ process: name });
    const keeper = {
      learnt: async (entries: readonly WarmEntry[]) => channel.request('worker.learnt', entries, KEEPER_TAKES_MS),
      late: () => void channel.send('worker.late', undefined),
      warmUp: async () => {
        await channel.request('worker.warm-up', undefined, KEEPER_TAKES_MS).catch((error: unknown) => {
          // What was learnt went with the keeper; what the sockets hold can still be read.
          if (channel.isOpen) throw error;
        });
      },
    };
    const worker = new Worker(start, sockets, keeper, log);
    channel.onRoom = () => worker.tellAll();
    channel.on('worker.warm', (entries) => worker.restore(entries));
    channel.on('worker.engine', (engine) => worker.adoptEngine(engine));
    channel.on('worker.hear-until', (hearing) => worker.hearUntil(hearing));
    channel.answer('worker.listen', async (hearing) => worker.listen(hearing).then(() => undefined));
    channel.answer('worker.hush', async () => worker.hush().then(() => undefined));
    channel.answer('worker.report', () => worker.report());
    channel.answer('worker.exporters', () => worker.exporters());
    stop = async () => {
      await worker.stop();
      if (worker.isOpen) channel.send('worker.last', await worker.report());
    };
    orphan = () => worker.orphan();
    await worker.start();
  },
  stop: () => stop(),
  orphan: () => orphan(),
  orphanMs: ORPHAN_MS,
});

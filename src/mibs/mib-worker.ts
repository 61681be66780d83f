import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { standardModules } from '../../collectors/snmp/names/standard-names.ts';
import { compileMibs, type MibReport } from './compile-mibs.ts';

/**
 * What the thread of `MibLoader` sends: modules one by one, each when the one before was taken, since messages that wait are all
 * taken in one turn; then the rest.
 */
export type MibMessage =
  | { readonly module: MibReport['modules'][number] }
  | { readonly report: Pick<MibReport, 'files' | 'findings'> };

const folder: unknown = workerData;
if (parentPort !== null && typeof folder === 'string') {
  const { modules, files, findings } = await compileMibs(existsSync(folder) ? [folder] : [], standardModules());
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const send = (message: MibMessage) => parentPort?.postMessage(message);
  for (const module of modules) {
    send({ module });
    await once(parentPort, 'message');
  }
  send({ report: { files, findings } });
}

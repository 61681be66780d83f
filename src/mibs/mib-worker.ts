import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { standardModules } from '../../collectors/snmp/names/standard-names.ts';
import { compileMibs, type MibReport } from './compile-mibs.ts';

/** What the thread of `MibLoader` sends: modules one by one, so that nobody stops for long to take them, then the rest. */
export type MibMessage =
  | { readonly module: MibReport['modules'][number] }
  | { readonly report: Pick<MibReport, 'files' | 'findings'> };

const folder: unknown = workerData;
if (parentPort !== null && typeof folder === 'string') {
  const { modules, files, findings } = await compileMibs(existsSync(folder) ? [folder] : [], standardModules());
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const send = (message: MibMessage) => parentPort?.postMessage(message);
  for (const module of modules) send({ module });
  send({ report: { files, findings } });
}

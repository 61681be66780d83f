import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../runtime/errors.ts';
import type { CheckResult } from '../check-result.ts';
import { fail, ok, type PairCheck, warn } from './pair-check.ts';

const NAME = 'pair, shared folder';

/**
 * A journal on a folder of both nodes: writable from here, and the folder of the peer is seen in it. Whether the peer can write there it says
 * of itself, as its readiness (`journal folder`).
 */
export const checkSharedFolder: PairCheck = async ({ peer }, { config }) => {
  const { directory } = config.journal;
  if (directory.startsWith(`${config.stateDirectory}/`)) {
    if (config.queue === 'bullmq') return [];
    const found = 'none: batches that this node has not written when it dies wait until it is back';
    return [
      ok(NAME, `${found} (journal.directory on a folder of both nodes, or queue: bullmq, lets the other write them)`),
    ];
  }
  return [await writable(directory), await seen(directory, peer.name)];
};

async function writable(directory: string): Promise<CheckResult> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(NAME, `journal.directory (${directory}) can be written from here`);
  } catch (error) {
    const remedy = 'Mount it on both nodes, and let the account that collects (runAs) write there.';
    return fail(NAME, `journal.directory cannot be written from here: ${messageOf(error)}`, remedy);
  }
}

/** Each node makes a folder of its name when it starts. */
async function seen(directory: string, peer: string): Promise<CheckResult> {
  const isThere = await stat(join(directory, peer)).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isThere) return ok(NAME, `the folder of ${peer} is seen in it`);
  const remedy = `Start ${peer}, and check again; where it runs, it has another folder by that name: see its mounts.`;
  return warn(
    NAME,
    `the folder of ${peer} is not seen in ${directory}: whether both nodes have the same one is not known`,
    remedy,
  );
}

import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAlive } from '../../../storage/process-lock.ts';
import { messageOf } from '../../runtime/errors.ts';
import { bytesText } from '../terminal/figures.ts';
import type { Check, CheckContext, CheckResult } from './check-result.ts';

/** A new cluster takes about 40 MB, and its write-ahead log up to some GB under load. */
const EMBEDDED_LEAST_BYTES = 512 * 1024 ** 2;
const EMBEDDED_WANTED_BYTES = 10 * 1024 ** 3;

/** Room and rights where the journal and the embedded database live, and whether another process holds them. */
export const checkDisk: Check = async (context) => {
  const { stateDirectory, journal, database } = context.config;
  return [
    await checkRoom('journal', journal.directory, journal.segmentBytes * 2, journal.maxBytes, 'journal.maxBytes'),
    await checkWritable('journal', journal.directory),
    await checkOwner(context),
    ...(database.url === undefined
      ? [
          await checkRoom('state directory', stateDirectory, EMBEDDED_LEAST_BYTES, EMBEDDED_WANTED_BYTES, undefined),
          await checkWritable('state directory', stateDirectory),
        ]
      : []),
  ];
};

async function checkRoom(
  what: string,
  directory: string,
  leastBytes: number,
  wantedBytes: number,
  setting: string | undefined,
): Promise<CheckResult> {
  const name = `${what}, disk space`;
  const { bavail, bsize } = await statfs(await existingPart(directory));
  const free = bavail * bsize;
  const found = `${bytesText(free)} free for ${directory}`;
  if (free >= wantedBytes) return { name, state: 'ok', found };
  const bound = setting === undefined ? '' : `, or lower ${setting}`;
  return {
    name,
    state: free < leastBytes ? 'fail' : 'warn',
    found: `${found}, wanted are ${bytesText(wantedBytes)}`,
    remedy: `Make room, or choose another directory${bound}.`,
  };
}

async function checkWritable(what: string, directory: string): Promise<CheckResult> {
  const name = `${what}, rights`;
  const existing = await existingPart(directory);
  try {
    if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is not a directory`);
    await access(existing, constants.W_OK | constants.X_OK);
    return {
      name,
      state: 'ok',
      found: existing === directory ? `${directory} is writable` : `${directory} can be made`,
    };
  } catch (error) {
    return {
      name,
      state: 'fail',
      found: messageOf(error),
      remedy: `Give this account the right to write there, or choose another directory with stateDirectory.`,
    };
  }
}

/** The lock that versions with one process take: a file with the process id of its owner. Today's have claims, see `claims.ts`. */
async function checkOwner({ config, running }: CheckContext): Promise<CheckResult> {
  const name = 'journal, lock';
  const text = await readFile(join(config.journal.directory, 'owner'), 'utf8').catch(() => undefined);
  const owner = Number(text?.split(' ')[0]);
  if (text === undefined || !Number.isSafeInteger(owner) || owner <= 0 || !isAlive(owner)) {
    return { name, state: 'ok', found: 'held by nobody' };
  }
  if (running?.pid === owner) return { name, state: 'ok', found: `held by the running collector, process ${owner}` };
  return {
    name,
    state: 'fail',
    found: `held by process ${owner}`,
    remedy: 'Stop that process, or give this node a journal.directory of its own.',
  };
}

/** The nearest part of a path that exists already. */
async function existingPart(path: string): Promise<string> {
  for (let part = path; part !== dirname(part); part = dirname(part)) {
    if (
      await stat(part).then(
        () => true,
        () => false,
      )
    )
      return part;
  }
  return '/';
}

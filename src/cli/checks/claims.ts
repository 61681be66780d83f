import { relative } from 'node:path';
import { claimName, parseRecord, type ClaimRecord } from '../../../storage/journal/claim/claim-record.ts';
import { highestEpoch, readClaims } from '../../../storage/journal/claim/claim-watch.ts';
import { isHere, lives } from '../../../storage/journal/claim/process-identity.ts';
import { journalFolders } from '../../../storage/journal/orphans/journal-folders.ts';
import type { CollectorStatus } from '../../console/status.ts';
import { messageOf } from '../../runtime/errors.ts';
import { formatDuration } from '../../config/units.ts';
import type { Check, CheckResult } from './check-result.ts';

interface ClaimedFolder {
  /** Below `journal.directory`. */
  readonly folder: string;
  /** Whose it is, by its path. */
  readonly node: string | undefined;
  readonly owner: ClaimRecord;
}

/** Who has the journal folders of this node: two that use one name on a shared folder would hinder each other. */
export const checkClaims: Check = async ({ config, running }) => {
  const name = 'journal, folders';
  const { directory, claimTimeout } = config.journal;
  try {
    const claimed = await claimedFolders(directory);
    const own = claimed.filter(({ node }) => node === config.node.name);
    const results = [...livingElsewhere(own, claimTimeout), ...livingHere(own, running)];
    return [...(results.length > 0 ? results : [quiet(own)]), ...othersOf(claimed, config.node.name)];
  } catch (error) {
    const remedy = 'Check as root, or as the account that runs the collector.';
    return [{ name, state: 'warn', found: `cannot be looked at: ${messageOf(error)}`, remedy }];
  }
};

async function claimedFolders(root: string): Promise<ClaimedFolder[]> {
  const claimed: ClaimedFolder[] = [];
  for (const { directory, node } of await journalFolders(root)) {
    const claims = await readClaims(directory);
    const owner = parseRecord(claims.get(claimName(highestEpoch(claims))) ?? '');
    if (owner !== undefined) claimed.push({ folder: relative(root, directory), node, owner });
  }
  return claimed;
}

function livingHere(own: readonly ClaimedFolder[], running: CollectorStatus | undefined): CheckResult[] {
  const alive = own.filter(({ owner }) => isHere(owner) && lives(owner));
  const ours = new Set(running?.processes.map(({ pid }) => pid));
  const name = 'journal, folders';
  const strangers = alive.filter(({ owner }) => !ours.has(owner.pid));
  if (strangers.length > 0) {
    return strangers.map(({ folder, owner }) => ({
      name,
      state: 'fail',
      found: `${folder} is used by process ${owner.pid}`,
      remedy: 'Stop the collector that it belongs to, or give this one a node.name or a journal.directory of its own.',
    }));
  }
  return alive.length === 0 ? [] : [{ name, state: 'ok', found: `${alive.length} used by the running collector` }];
}

/** Another machine, or another container of this one; from outside nobody can tell whether its process lives. */
function livingElsewhere(own: readonly ClaimedFolder[], claimTimeout: number): CheckResult[] {
  return own
    .filter(({ owner }) => !isHere(owner))
    .map(({ folder, owner }) => ({
      name: 'journal, folders',
      state: 'warn',
      found: `${folder} was taken by process ${owner.pid} on ${owner.hostname}`,
      remedy:
        `If that machine is another one and runs: give each a node.name of its own. If it is gone, or this is a new container: ` +
        `nothing, the folder is taken over after ${formatDuration(claimTimeout)}.`,
    }));
}

function quiet(own: readonly ClaimedFolder[]): CheckResult {
  const found =
    own.length === 0 ? 'used by nobody' : `${own.length} left by processes that are dead; what is in them is written`;
  return { name: 'journal, folders', state: 'ok', found };
}

function othersOf(claimed: readonly ClaimedFolder[], node: string): CheckResult[] {
  const others = new Set(claimed.flatMap((each) => (each.node === undefined || each.node === node ? [] : [each.node])));
  if (others.size === 0) return [];
  return [{ name: 'journal, other nodes', state: 'ok', found: `shared with ${[...others].sort().join(', ')}` }];
}

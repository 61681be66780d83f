import type { ControlAnswerers } from '../control/control-server.ts';
import { DogwatchError } from '../runtime/errors.ts';
import type { SharedReload } from './shared-reload.ts';

/** What commands may ask about the settings of a running collector. */
export function settingsAnswerers(shared: () => SharedReload): ControlAnswerers {
  return {
    reload: (body) => shared().reload(accountOf(body)),
    rollback: (body) => shared().rollBack(revisionOf(body), accountOf(body)),
  };
}

/** As whoever asks calls himself; who may ask at all is decided by the socket. */
function accountOf(body: unknown): string {
  const account: unknown = typeof body === 'object' && body !== null && 'account' in body ? body.account : undefined;
  return typeof account === 'string' && account !== '' ? account.slice(0, 100) : 'somebody';
}

function revisionOf(body: unknown): number | undefined {
  const revision: unknown = typeof body === 'object' && body !== null && 'revision' in body ? body.revision : undefined;
  if (revision === undefined) return undefined;
  if (typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0) return revision;
  throw new DogwatchError('REVISION_UNKNOWN', 'a revision is a number from 1 on');
}

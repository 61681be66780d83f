import { randomUUID } from 'node:crypto';
import { type FileHandle, link, mkdir, open, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../src/runtime/clock.ts';
import { DogwatchError } from '../../../src/runtime/errors.ts';
import { claimName, type ClaimPurpose, type ClaimRecord, encodeRecord, parseRecord } from './claim-record.ts';
import { type ClaimsSeen, ClaimWatch, highestEpoch, isMissing, readClaims } from './claim-watch.ts';
import { isHere, ownIdentity } from './process-identity.ts';

export interface ClaimOptions {
  /** Name of this node, for others to read. */
  readonly node: string;
  /** An owner that gives no sign for so long has lost the folder. */
  readonly timeoutMs: number;
  /** How long to wait for an owner that may be about to end. */
  readonly waitMs: number;
  readonly purpose: ClaimPurpose;
  /** What is known of the folders of others already; by default, nothing. */
  readonly watch?: ClaimWatch;
}

const BEATS_A_TIMEOUT = 6;
const LOOK_EVERY_MS = 200;

/**
 * Ownership of a folder that may be shared by machines: a file `claim.<epoch>` in it, of which the highest epoch owns.
 *
 *   idle ──take()──▶ waiting ──free──▶ claiming ──alone──▶ held ◀──────────┐
 *                      │  ▲               │                 │ verified     │
 *                      │  └─somebody else─┘                 ├──(every timeout/6, and before use after timeout/2)
 *                      │                                    │
 *                      ├─lives here─▶ LOCKED                ├──a higher epoch, or our file is gone──▶ lost
 *                      └─may live elsewhere─▶ another       └──release()──▶ idle
 *                        folder is the better choice
 *
 * The fence: others wait for the whole timeout before they take a folder; the owner relies on its claim for half of it after
 * the last beat that it wrote *and* then found still to be the highest. So a process that was paused looks again before it
 * uses the folder. The beat goes through the open file: if that was removed meanwhile, it changes nobody's claim.
 */
export class FolderClaim {
  readonly directory: string;
  readonly #options: ClaimOptions;
  readonly #clock: Clock;
  readonly #record: ClaimRecord;
  #name = '';
  #beat = 0;
  #handle: FileHandle | undefined;
  #verifiedMs = -Infinity;
  #verifying: Promise<boolean> | undefined;
  #cancel: (() => void) | undefined;
  #isLost = false;
  /** Called once, when the folder was found to be somebody else's. */
  onLost: (() => void) | undefined;

  constructor(directory: string, options: ClaimOptions, clock: Clock) {
    this.directory = directory;
    this.#options = options;
    this.#clock = clock;
    this.#record = { id: randomUUID(), node: options.node, ...ownIdentity(), purpose: options.purpose, beat: 0 };
  }

  /**
   * Makes the folder where it is missing, and claims it.
   * @returns false where the owner may live elsewhere, or only writes what is in the folder: then another folder is needed
   * @throws DogwatchError `LOCKED` while a living process has it; what the file system says
   */
  async take(): Promise<boolean> {
    const watch = this.#options.watch ?? new ClaimWatch(this.#options.timeoutMs, this.#clock);
    const untilMs = this.#clock.monotonicMs() + this.#options.waitMs;
    // The clock's own timers let a process end that has nothing else to do; this wait is something to do.
    const staying = setInterval(() => {}, 60_000);
    try {
      return await this.#take(watch, untilMs);
    } finally {
      clearInterval(staying);
    }
  }

  /** Whether the folder was found to be somebody else's. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether the folder is ours for a while, without a look at it. */
  get isFresh(): boolean {
    return !this.#isLost && this.#clock.monotonicMs() - this.#verifiedMs < this.#options.timeoutMs / 2;
  }

  /**
   * Whether the folder is ours for a while; looks at it where the last look is too long ago.
   * @throws what the file system says
   */
  async holds(): Promise<boolean> {
    return this.isFresh || this.verify();
  }

  /** Gives a sign of life, and looks whether the folder is still ours. */
  verify(): Promise<boolean> {
    this.#verifying ??= this.#verify().finally(() => (this.#verifying = undefined));
    return this.#verifying;
  }

  /** Gives the folder up. */
  async release(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#verifying?.catch(() => undefined);
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
    if (handle === undefined || this.#isLost) return;
    this.#verifiedMs = -Infinity;
    // By its name, so only while that is surely ours; otherwise others find a dead process or silence.
    if (await this.#isOurs().catch(() => false)) await unlink(this.#path).catch(() => undefined);
  }

  get #path(): string {
    return join(this.directory, this.#name);
  }

  async #take(watch: ClaimWatch, untilMs: number): Promise<boolean> {
    for (;;) {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      const seen = await watch.look(this.directory);
      if (seen.isFree && (await this.#claim(seen))) return true;
      if (!seen.isFree && this.#options.purpose === 'own' && isBetterLeft(seen.owner)) return false;
      if (this.#clock.monotonicMs() >= untilMs) {
        if (!seen.isFree && this.#mayBeDead(seen)) return false;
        throw lockedBy(this.directory, seen.owner);
      }
      // Two that withdrew for each other's sake must not meet again.
      await this.#pause(LOOK_EVERY_MS * (0.5 + Math.random() / 2));
    }
  }

  async #claim(seen: ClaimsSeen): Promise<boolean> {
    const startedMs = this.#clock.monotonicMs();
    this.#name = claimName(seen.epoch + 1);
    const handle = await createExclusively(this.#path, encodeRecord(this.#record), this.#record.id);
    if (handle === undefined) return false;
    // Somebody who saw the folder in another state than we did, or an owner that has woken up, has a claim that we do not
    // know: then nobody gets it in this round.
    const now = await readClaims(this.directory);
    now.delete(this.#name);
    if ([...now].some(([name, text]) => seen.claims.get(name) !== text)) {
      await handle.close();
      await unlink(this.#path).catch(() => undefined);
      return false;
    }
    for (const name of now.keys()) await unlink(join(this.directory, name)).catch(() => undefined);
    this.#handle = handle;
    this.#verifiedMs = startedMs;
    this.#scheduleBeat();
    return true;
  }

  async #verify(): Promise<boolean> {
    if (this.#isLost || this.#handle === undefined) return false;
    const startedMs = this.#clock.monotonicMs();
    const isOurs = await this.#beatAndLook(this.#handle);
    if (isOurs) {
      this.#verifiedMs = startedMs;
    } else if (!this.#isLost) {
      this.#isLost = true;
      this.#cancel?.();
      this.onLost?.();
    }
    return isOurs;
  }

  async #beatAndLook(handle: FileHandle): Promise<boolean> {
    this.#beat += 1;
    const bytes = encodeRecord({ ...this.#record, beat: this.#beat });
    try {
      await handle.write(bytes, 0, bytes.length, 0);
      // On NFS only what was synced is seen by others.
      await handle.datasync();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
    return this.#isOurs();
  }

  async #isOurs(): Promise<boolean> {
    const claims = await readClaims(this.directory);
    const text = claims.get(this.#name);
    if (text === undefined || highestEpoch(claims) !== Number(this.#name.slice('claim.'.length))) return false;
    // What cannot be read was cut short by a disk that is full: the name is still ours alone, as is the epoch.
    return (parseRecord(text)?.id ?? this.#record.id) === this.#record.id;
  }

  #scheduleBeat(): void {
    this.#cancel = this.#clock.after(this.#options.timeoutMs / BEATS_A_TIMEOUT, () => {
      this.#scheduleBeat();
      // A disk that fails says so when it is used next.
      this.verify().catch(() => undefined);
    });
  }

  /** It gave no sign of life while we waited, and is not of this machine. */
  #mayBeDead(seen: ClaimsSeen): boolean {
    const isElsewhere = seen.owner === undefined || !isHere(seen.owner);
    return this.#options.purpose === 'own' && isElsewhere && !seen.hasMoved;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }
}

/**
 * Whether not to wait for this owner: one that only empties the folder needs as long as that takes; and one of an earlier boot of this
 * machine, or of an earlier container of its name, is most likely gone, but that is not sure before the timeout.
 */
function isBetterLeft(owner: ClaimRecord | undefined): boolean {
  if (owner === undefined) return false;
  return owner.purpose === 'adopt' || (!isHere(owner) && owner.hostname === ownIdentity().hostname);
}

function lockedBy(directory: string, owner: ClaimRecord | undefined): DogwatchError {
  const who =
    owner === undefined
      ? 'somebody'
      : isHere(owner)
        ? `the running process ${owner.pid} of node ${owner.node}`
        : `node ${owner.node} on ${owner.hostname}`;
  return new DogwatchError('LOCKED', `the journal folder ${directory} is in use by ${who}`, {
    remedy: 'Stop that process, or give this one a node.name or a journal.directory of its own.',
  });
}

/** @returns the file, or undefined where the name is taken */
async function createExclusively(path: string, content: Buffer, id: string): Promise<FileHandle | undefined> {
  // Written elsewhere and linked into place, so that nobody ever reads half of it.
  const own = `${path}.${id}`;
  try {
    await writeFile(own, content, { flag: 'wx', mode: 0o600 });
    await link(own, path);
    return await open(path, 'r+');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' || code === 'ENOENT') return undefined;
    // Not every file system has links (SMB, FAT): then half of it may be seen, and is taken for somebody's.
    // A disk that is full must not keep a journal from being drained: the first beat that finds room says whose it is.
    if (
      code === 'ENOSPC' ||
      code === 'EDQUOT' ||
      code === 'EPERM' ||
      code === 'ENOTSUP' ||
      code === 'EOPNOTSUPP' ||
      code === 'ENOSYS' ||
      code === 'EMLINK'
    ) {
      return await createInPlace(path, content);
    }
    throw error;
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

async function createInPlace(path: string, content: Buffer): Promise<FileHandle | undefined> {
  const handle = await open(path, 'wx+', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  try {
    await handle?.write(content, 0, content.length, 0);
    await handle?.datasync();
    return handle;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
      return handle;
    await handle?.close();
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../src/runtime/clock.ts';
import { claimName, type ClaimRecord, epochOf, parseRecord } from './claim-record.ts';
import { isHere, lives } from './process-identity.ts';

/** The claims of a folder, as they are now. */
export interface ClaimsSeen {
  /** Highest epoch; 0 where there is no claim. */
  readonly epoch: number;
  /** Text of each claim, by file name. */
  readonly claims: ReadonlyMap<string, string>;
  /** Undefined where nobody owns it, and where the highest claim says nothing that can be read. */
  readonly owner: ClaimRecord | undefined;
  readonly isFree: boolean;
  /** Whether the owner gave a sign of life since this watch looked first. */
  readonly hasMoved: boolean;
}

interface Sight {
  readonly text: string;
  readonly sinceMs: number;
  readonly hasMoved: boolean;
}

/** Folders that are remembered; those looked at least lately are forgotten, which only makes them wait anew. */
const MAX_FOLDERS = 10_000;

/**
 * Judges from outside whether a folder may be claimed.
 *
 *   no claim ───────────────────────────────────────────────▶ free
 *   claimed ──its process was here, and is dead─────────────▶ free, at once
 *      │  └────unchanged for the timeout, on our clock──────▶ free
 *      └─changed: watched anew
 *
 * The clocks of other machines mean nothing here: only that a claim's text changes, and how long we see it unchanged.
 */
export class ClaimWatch {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #sights = new Map<string, Sight>();

  constructor(timeoutMs: number, clock: Clock) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** @throws what the file system says; a folder that is missing is free */
  async look(directory: string): Promise<ClaimsSeen> {
    const claims = await readClaims(directory);
    const epoch = highestEpoch(claims);
    const text = claims.get(claimName(epoch));
    if (text === undefined) {
      this.#sights.delete(directory);
      return { epoch, claims, owner: undefined, isFree: true, hasMoved: false };
    }
    const owner = parseRecord(text);
    const { sinceMs, hasMoved } = this.#sight(directory, `${epoch} ${text}`);
    const isDead = owner !== undefined && isHere(owner) && !lives(owner);
    const isStale = this.#clock.monotonicMs() - sinceMs >= this.#timeoutMs;
    return { epoch, claims, owner, isFree: isDead || isStale, hasMoved };
  }

  #sight(directory: string, text: string): Sight {
    const before = this.#sights.get(directory);
    this.#sights.delete(directory);
    const isSame = before?.text === text;
    const sight = isSame ? before : { text, sinceMs: this.#clock.monotonicMs(), hasMoved: before !== undefined };
    this.#sights.set(directory, sight);
    const [eldest] = this.#sights.keys();
    if (this.#sights.size > MAX_FOLDERS && eldest !== undefined) this.#sights.delete(eldest);
    return sight;
  }
}

/** The text of each claim in a folder, by file name. */
export async function readClaims(directory: string): Promise<Map<string, string>> {
  const claims = new Map<string, string>();
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const name of names) {
    if (epochOf(name) === undefined) continue;
    try {
      claims.set(name, await readFile(join(directory, name), 'utf8'));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return claims;
}

export function highestEpoch(claims: ReadonlyMap<string, string>): number {
  return Math.max(0, ...Array.from(claims.keys(), (name) => epochOf(name) ?? 0));
}

/** ESTALE is what NFS says of a file that another machine removed. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESTALE');
}

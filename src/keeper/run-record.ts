import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EarlierRun } from '../console/status.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';

const SEEN_EVERY_MS = 10_000;
/** More than any record has. */
const MAX_BYTES = 4096;

/**
 * A file that says whether a run has ended in order: who is killed cannot say so himself, and nobody outlives the keeper to count it.
 *
 *   start() ──▶ {startedAt, seenAt} ──every 10 s──▶ seenAt ──stop()──▶ endedAt
 *      └── found without endedAt: the run before was killed, or its machine went down
 *
 * It is held open, since the account that goes on may not be able to open it. Where it cannot be written, the collector runs without.
 */
export class RunRecord implements Component {
  readonly name = 'record of this run';
  /** The run before this one, where it did not end in order. */
  earlier: EarlierRun | undefined;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #startedAt: string;
  #file: FileHandle | undefined;
  #cancel: (() => void) | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#startedAt = this.#now();
  }

  async start(): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      // Not truncated: what it says is read first.
      const file = await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      this.#file = file;
      this.earlier = unfinished(await contentOf(file));
    } catch (error) {
      this.#log.warn({ file: this.#path, error: messageOf(error) }, 'no record of this run can be kept');
      return;
    }
    if (this.earlier !== undefined) this.#log.warn({ ...this.earlier }, 'the run before this one ended without notice');
    this.#seen();
    await this.#last;
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#write({ endedAt: this.#now() });
    await this.#last;
    await this.#file?.close();
    this.#file = undefined;
  }

  #seen(): void {
    this.#write({});
    this.#cancel = this.#clock.after(SEEN_EVERY_MS, () => this.#seen());
  }

  /** One after the other. Never rejects. */
  #write(end: { readonly endedAt?: string }): void {
    const text = `${JSON.stringify({ pid: process.pid, startedAt: this.#startedAt, seenAt: this.#now(), ...end })}\n`;
    this.#last = this.#put(text, this.#last);
  }

  async #put(text: string, earlier: Promise<void>): Promise<void> {
    await earlier;
    try {
      await this.#file?.write(text, 0);
      await this.#file?.truncate(text.length);
    } catch {
      // A full disk: the record is older, then.
    }
  }

  #now(): string {
    return new Date(this.#clock.nowMicros() / 1000).toISOString();
  }
}

async function contentOf(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

/** @param text of an earlier run; half of one, or nothing, where it died over it, or there was none */
function unfinished(text: string): EarlierRun | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null || 'endedAt' in found) return undefined;
    if (!('startedAt' in found) || typeof found.startedAt !== 'string') return undefined;
    if (!('seenAt' in found) || typeof found.seenAt !== 'string') return undefined;
    return { startedAt: found.startedAt, seenAt: found.seenAt };
  } catch {
    return undefined;
  }
}

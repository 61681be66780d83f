import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EngineState, EngineStateStore } from '../../../collectors/snmp/usm/engines/engine-identity.ts';
import type { DatabaseAddress } from '../../../storage/database/database.ts';
import { loadEngine, saveEngine } from '../../../storage/database/snmp-engine.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Component } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';

export interface SnmpEngineStoreOptions {
  /** Where this node remembers the identity, for when the database is away. */
  readonly file: string;
  readonly database: DatabaseAddress;
  /** Written beside it. */
  readonly node: string;
  /** Hexadecimal; goes before what was stored. */
  readonly engineId?: string | undefined;
}

const RETRY_MS = 30_000;

/**
 * Keeps our SNMP engine in the database, where every node finds it, and in a file of this node, which stands in while the
 * database is away: of the two the higher boots count, since senders refuse an engine whose boots go back.
 *
 *   save() ──▶ file ──▶ database ──away──▶ again after 30 s, until it is there
 */
export class SnmpEngineStore implements EngineStateStore, Component {
  readonly name = 'SNMP engine';
  readonly #options: SnmpEngineStoreOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(options: SnmpEngineStoreOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  async load(): Promise<EngineState | undefined> {
    const { engineId, database } = this.#options;
    const [ours, shared] = await Promise.all([this.#readFile(), loadEngine(database).catch(() => undefined)]);
    const known = shared ?? ours;
    const id = engineId?.toLowerCase() ?? known?.engineId;
    if (id === undefined) return undefined;
    const ofThisEngine = [ours, shared].filter((each) => each?.engineId === id).map((each) => each?.boots ?? 0);
    return { engineId: id, boots: Math.max(0, ...ofThisEngine) };
  }

  /** @throws where the file cannot be written: boots must not be told that a crash would forget */
  async save(state: EngineState): Promise<void> {
    const { file } = this.#options;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`, { flush: true });
    await rename(`${file}.new`, file);
    await this.#share(state, true);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry?.();
    return Promise.resolve();
  }

  /** Never rejects. */
  async #share(state: EngineState, isFirst: boolean): Promise<void> {
    const { database, node } = this.#options;
    try {
      await saveEngine(database, state, node);
    } catch (error) {
      if (isFirst) this.#log.warn({ error: messageOf(error) }, 'the database does not know our SNMP engine yet');
      if (this.#isStopped) return;
      this.#cancelRetry = this.#clock.after(RETRY_MS, () => void this.#share(state, false));
    }
  }

  async #readFile(): Promise<EngineState | undefined> {
    const { file } = this.#options;
    try {
      const { engineId, boots } = Object(JSON.parse(await readFile(file, 'utf8')));
      if (typeof engineId === 'string' && Number.isSafeInteger(boots)) return { engineId, boots };
      this.#log.warn({ file }, 'the file of our SNMP engine is damaged');
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) this.#log.warn({ file, error: messageOf(error) }, 'the file of our SNMP engine cannot be read');
    }
    return undefined;
  }
}

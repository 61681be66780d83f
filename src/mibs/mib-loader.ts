import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { readdir } from 'node:fs/promises';
import type { CompiledModule } from '../../collectors/snmp/names/compiled-module.ts';
import type { NameTable } from '../../collectors/snmp/names/name-table.ts';
import { SnmpNames } from '../../collectors/snmp/names/snmp-names.ts';
import { fillTable, nameTable, standardModules } from '../../collectors/snmp/names/standard-names.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { compileMibs, type MibReport } from './compile-mibs.ts';
import type { MibMessage } from './mib-worker.ts';

/** Twenty thousand files of a MIB collection need 300 MB. */
const WORKER_HEAP_MB = 1024;
/** How long the table is filled before others get their turn. */
const TURN_MS = 2;

type Summary = Pick<MibReport, 'files' | 'findings'>;

/**
 * Names from the MIB folder. Bundled names serve from the first trap on; the folder is compiled in a thread of its own, and the new
 * table takes the place of the old one when it is whole.
 *
 *   bundled names ──start()──▶ compiling ──▶ names of the folder ──reload()──▶ compiling ──▶ …
 *                                  └── fails, or stop(): names stay as they are
 */
export class MibLoader implements Component {
  readonly name = 'MIB loader';
  readonly names: SnmpNames;
  readonly #folder: string;
  readonly #log: Log;
  #worker: Worker | undefined;
  #loading: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** `folder`: absolute; it need not be there. */
  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
    this.names = new SnmpNames(nameTable());
  }

  /** Begins to compile, and does not wait for it. */
  start(): Promise<void> {
    void this.reload();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#worker?.terminate();
    await this.#loading;
  }

  /** Resolves when what was asked for so far is loaded, or was given up. Never rejects. */
  get loaded(): Promise<void> {
    return this.#loading;
  }

  /** Compiles the folder anew, after a load that is under way. Resolves when names are exchanged, or stay; never rejects. */
  reload(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load());
    return this.#loading;
  }

  async #load(): Promise<void> {
    if (this.#isStopped) return;
    const beganAt = performance.now();
    try {
      if (await isEmpty(this.#folder)) return this.#useBundledNames();
      const { modules, summary } = await this.#compileAnywhere();
      const table = await fillInTurns(modules);
      if (this.#isStopped) return;
      this.names.replace(table);
      this.#report(summary, performance.now() - beganAt);
    } catch (error) {
      if (!this.#isStopped) {
        this.#log.error(
          { folder: this.#folder, error: messageOf(error) },
          'MIB files could not be compiled, names stay',
        );
      }
    }
  }

  /** There is nothing to compile: no thread is needed to find that out. */
  #useBundledNames(): void {
    if (this.names.table.modules.length !== standardModules().length) this.names.replace(nameTable());
  }

  /** In a thread of its own; where that cannot read the program any more, since root was given up, in this one. */
  async #compileAnywhere(): Promise<{ modules: readonly CompiledModule[]; summary: Summary }> {
    try {
      return await this.#compile();
    } catch (error) {
      if (this.#isStopped) throw error;
      this.#log.debug({ error: messageOf(error) }, 'no thread to compile MIB files in');
      const report = await compileMibs([this.#folder], standardModules());
      return { modules: report.modules, summary: report };
    }
  }

  /** @throws what the thread threw, or that it ended early */
  #compile(): Promise<{ modules: CompiledModule[]; summary: Summary }> {
    const worker = new Worker(new URL(`./mib-worker${extensionHere()}`, import.meta.url), {
      workerData: this.#folder,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    this.#worker = worker;
    const modules: CompiledModule[] = [];
    return new Promise((resolve, reject) => {
      worker.on('message', (message: MibMessage) => {
        if ('module' in message) {
          modules.push(message.module);
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
          setImmediate(() => worker.postMessage('more'));
        } else resolve({ modules, summary: message.report });
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the compiling thread ended with code ${code}`)));
    });
  }

  #report({ files, findings }: Summary, ms: number): void {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    const fields = { folder: this.#folder, modules: files.length, errors, ms: Math.round(ms) };
    if (errors === 0) this.#log.info(fields, 'MIB files compiled');
    else this.#log.warn(fields, 'MIB files compiled, some names are missing: "dogwatch mibs check" says which');
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch {
    return true;
  }
}

async function fillInTurns(modules: readonly CompiledModule[]): Promise<NameTable> {
  const filling = fillTable(modules);
  for (let turnEndsAt = performance.now() + TURN_MS; ;) {
    const step = filling.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEndsAt) continue;
    await nextTurn();
    turnEndsAt = performance.now() + TURN_MS;
  }
}

/** The program runs as it is written, or compiled for publishing. */
function extensionHere(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}

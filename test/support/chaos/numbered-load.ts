import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { LoadOrder, LoadPorts, LoadRecord } from './load-record.ts';

const PROGRAM = fileURLToPath(new URL('load-child.ts', import.meta.url));

/** The generator from the test's side. */
export class NumberedLoad {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param saysTemplates whether the exporters of NetFlow v9 begin with their templates */
  static start(ports: LoadPorts, saysTemplates = true): NumberedLoad {
    const load = new NumberedLoad(fork(PROGRAM, { serialization: 'advanced' }));
    load.#order({ start: ports, saysTemplates });
    return load;
  }

  /** The exporters of NetFlow v9 say their templates again. */
  sendTemplates(): void {
    this.#order('templates');
  }

  /** Sends nothing more, but for templates when it is told to. */
  pause(): void {
    this.#order('pause');
  }

  /** Sends nothing more, waits for answers that are due, ends. */
  async stop(): Promise<LoadRecord> {
    const answer = once(this.#child, 'message');
    this.#order('stop');
    const [record]: LoadRecord[] = await answer;
    this.kill();
    if (record === undefined) throw new Error('the generator has no record');
    return record;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #order(order: LoadOrder): void {
    this.#child.send(order);
  }
}

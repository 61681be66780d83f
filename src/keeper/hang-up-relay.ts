import type { Component } from '../runtime/lifecycle.ts';
import type { ChildState } from './watched-child.ts';

interface Child {
  readonly pid: number | undefined;
  readonly state: ChildState;
}

/** Hands SIGHUP on to the processes that read files again when they get it: systemd and people send it to the keeper alone. */
export class HangUpRelay implements Component {
  readonly name = 'SIGHUP';
  readonly #children: readonly Child[];
  readonly #relay = (): void => {
    for (const { pid, state } of this.#children) {
      // One that starts reads its files anyway. One that has just ended is no trouble.
      if (pid !== undefined && state === 'running') hangUp(pid);
    }
  };

  constructor(children: readonly Child[]) {
    this.#children = children;
  }

  async start(): Promise<void> {
    process.on('SIGHUP', this.#relay);
  }

  async stop(): Promise<void> {
    process.off('SIGHUP', this.#relay);
  }
}

function hangUp(pid: number): void {
  try {
    process.kill(pid, 'SIGHUP');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

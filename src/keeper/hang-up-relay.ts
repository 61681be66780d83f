import type { Component } from '../runtime/lifecycle.ts';

/** Hands SIGHUP on to the processes that read files again when they get it: systemd and people send it to the keeper alone. */
export class HangUpRelay implements Component {
  readonly name = 'SIGHUP';
  readonly #children: readonly { readonly pid: number | undefined }[];
  readonly #relay = (): void => {
    for (const { pid } of this.#children) if (pid !== undefined) process.kill(pid, 'SIGHUP');
  };

  constructor(children: readonly { readonly pid: number | undefined }[]) {
    this.#children = children;
  }

  async start(): Promise<void> {
    process.on('SIGHUP', this.#relay);
  }

  async stop(): Promise<void> {
    process.off('SIGHUP', this.#relay);
  }
}

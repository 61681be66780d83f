import type { Component } from '../runtime/lifecycle.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Reloader } from './reloader.ts';
import type { SharedReload } from './shared-reload.ts';

/** SIGHUP loads the settings again, as `systemctl reload` does; at a terminal it means that the terminal closes. */
export class HangUpReload implements Component {
  readonly name = 'reload at SIGHUP';
  readonly #reloader: Reloader;
  readonly #shared: SharedReload;
  readonly #log: Log;
  readonly #reload = (): void => {
    if (process.stdin.isTTY || process.stderr.isTTY) return;
    this.#shared.reload('SIGHUP').catch((error: unknown) => {
      this.#log.error({ error: messageOf(error) }, 'the former settings stay');
    });
  };

  constructor(reloader: Reloader, shared: SharedReload, log: Log) {
    this.#reloader = reloader;
    this.#shared = shared;
    this.#log = log;
  }

  async start(): Promise<void> {
    process.on('SIGHUP', this.#reload);
  }

  async stop(): Promise<void> {
    this.#reloader.end();
    process.off('SIGHUP', this.#reload);
  }
}

import { globSync, writeFileSync } from 'node:fs';

/**
 * The wall clock of programs on one machine, by libfaketime (Debian: faketime). Machines share the kernel's, so it cannot be set for one
 * of them; the monotonic clock stays as it is, as with a real step.
 */
export class HostClock {
  /** For the programs whose clock it is. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #file: string;

  /** @param file any account of the machine can read it */
  constructor(file: string) {
    this.#file = file;
    const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
    if (library === undefined) throw new Error('faketime is not installed');
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    };
    this.set(0);
  }

  /** From now on it is `offsetMs` off, from the real time. */
  set(offsetMs: number): void {
    const seconds = (offsetMs / 1000).toFixed(3);
    writeFileSync(this.#file, offsetMs < 0 ? seconds : `+${seconds}`);
  }
}

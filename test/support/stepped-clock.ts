import { globSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The wall clock of processes, by libfaketime (Debian: faketime); what they measure durations with goes on as it does. */
export class SteppedClock {
  /** For the processes whose clock it is to be. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;

  private constructor(file: string) {
    const [library = ''] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
    this.#file = file;
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      FAKETIME_DONT_RESET: '1',
    };
  }

  /** Shows the true time at first. @param folder which all of the processes may enter */
  static async open(folder: string): Promise<SteppedClock> {
    const clock = new SteppedClock(join(folder, 'faketime'));
    await clock.step(0);
    return clock;
  }

  /** @param hours beside the true time from now on */
  async step(hours: number): Promise<void> {
    await writeFile(`${this.#file}.new`, `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h\n`, { mode: 0o644 });
    await rename(`${this.#file}.new`, this.#file);
  }
}

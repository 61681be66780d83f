import type { SettingPath } from '../findings.ts';

/** A breach of a rule between settings. `at` is the setting that should change, `with` the others that it is about. */
export interface Breach {
  readonly at: SettingPath;
  readonly with: readonly SettingPath[];
  readonly message: string;
}

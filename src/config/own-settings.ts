import type { SettingPath } from './findings.ts';

/** What belongs to a node of a pair alone: where it is, where it keeps things, how it speaks with its operator. All else both have alike. */
export const OWN_SETTINGS: readonly SettingPath[] = [
  ['node'],
  ['stateDirectory'],
  ['runAs'],
  ['log'],
  ['http'],
  ['workers'],
  ['ha', 'address'],
  ['ha', 'port'],
  ['ha', 'peer'],
  ['ha', 'interface'],
  ['ha', 'secretFile'],
  ['ha', 'neighbours'],
  ['journal', 'directory'],
];

/** Whether a setting, or the group that it stands in, is a node's own. */
export function isOwnSetting(path: SettingPath): boolean {
  return OWN_SETTINGS.some((own) => own.every((step, index) => path[index] === step));
}

import { ConfigError } from '../../config/findings.ts';
import { newPairSecret } from '../../pair/pair-secret.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { checkFiles, type SetupFile } from '../setup-file.ts';
import { nodeYaml, SECRET_FILE } from './node-yaml.ts';
import type { PairPlan } from './pair-plan.ts';
import { systemdUnit } from './systemd-unit.ts';

const OWNER_ONLY = 0o600;
/** It may hold the database's password. */
const OWNER_AND_GROUP = 0o640;
const EVERYONE_READS = 0o644;

/**
 * The files of both nodes, each node's in a folder of its name, with a fresh secret; checked as a start would.
 * @param program the `dogwatch` command, absolute
 * @throws DogwatchError `SETUP_INVALID` with everything that is wrong, by setting
 */
export function pairFiles(plan: PairPlan, program: string): SetupFile[] {
  const secret = newPairSecret();
  return ([0, 1] as const).flatMap((index) => {
    const { name } = plan.nodes[index];
    const files: SetupFile[] = [
      { path: 'dogwatch.yaml', text: nodeYaml(plan, index), mode: OWNER_AND_GROUP },
      { path: SECRET_FILE, text: secret, mode: OWNER_ONLY },
      { path: 'dogwatch.service', text: systemdUnit(name, plan.driver, program), mode: EVERYONE_READS },
    ];
    check(files, name);
    return files.map((file) => ({ ...file, path: `${name}/${file.path}` }));
  });
}

function check(files: readonly SetupFile[], node: string): void {
  try {
    checkFiles(files, 'dogwatch.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.findings.map(({ path, message, found: value }) => {
      return `  ${path}: ${message}${value === undefined ? '' : `, found ${value}`}`;
    });
    const text = `the files of ${node} would be refused at the start:\n${found.join('\n')}`;
    throw new DogwatchError('SETUP_INVALID', text, { remedy: 'nothing was written; see dogwatch init pair --help' });
  }
}

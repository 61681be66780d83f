import { readFile } from 'node:fs/promises';
import type { SecurityLevel } from '../../../collectors/snmp/security.ts';
import type { AuthProtocol, PrivacyProtocol } from '../../../collectors/snmp/usm/crypto/protocols.ts';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import type { TrapUser } from '../../traffic/snmp/trap-load.ts';

/** What options say of a user of SNMPv3. Secrets are never among them: everybody on a machine can read its command lines. */
export interface TrapUserOptions {
  readonly user?: string;
  readonly level?: SecurityLevel;
  readonly auth?: AuthProtocol;
  readonly authPasswordFile?: string;
  readonly priv?: PrivacyProtocol;
  readonly privPasswordFile?: string;
  readonly engineId?: Buffer;
  readonly context?: string;
}

export const AUTH_PASSWORD_VARIABLE = 'SNMP_AUTH_PASSWORD';
export const PRIV_PASSWORD_VARIABLE = 'SNMP_PRIV_PASSWORD';

/**
 * The user that options name, with pass phrases from files or the environment.
 * @throws DogwatchError `USAGE`, `FILE_UNREADABLE`
 */
export async function trapUser(
  options: TrapUserOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<TrapUser> {
  const { user, auth, priv, authPasswordFile, privPasswordFile, level, engineId, context } = options;
  if (user === undefined) throw new DogwatchError('USAGE', '--version 3 needs --user');
  const authPassword = auth && (await secret('auth', authPasswordFile, environment[AUTH_PASSWORD_VARIABLE]));
  const privPassword = priv && (await secret('priv', privPasswordFile, environment[PRIV_PASSWORD_VARIABLE]));
  return {
    name: user,
    ...(auth && authPassword && { auth: { protocol: auth, password: authPassword } }),
    ...(priv && privPassword && { privacy: { protocol: priv, password: privPassword } }),
    level,
    firstEngineId: engineId,
    contextName: context,
  };
}

async function secret(option: string, file: string | undefined, variable: string | undefined): Promise<string> {
  const text = file === undefined ? variable : await read(file);
  // The end of the line that editors put there is not part of it.
  const password = text?.replace(/\r?\n$/, '');
  if (password !== undefined && password !== '') return password;
  const name = option === 'auth' ? AUTH_PASSWORD_VARIABLE : PRIV_PASSWORD_VARIABLE;
  throw new DogwatchError('USAGE', `--${option} needs a pass phrase`, {
    remedy: `Put it into a file and name that with --${option}-password-file, or into the environment variable ${name}.`,
  });
}

function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new DogwatchError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  });
}

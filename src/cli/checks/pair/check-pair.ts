import type { CheckContext, CheckResult } from '../check-result.ts';
import { messageOf } from '../../../runtime/errors.ts';
import { checkAddresses } from './addresses.ts';
import { checkLink, checkOwner, checkSecret } from './link.ts';
import { checkKernel, checkMeans, checkTime } from './machine.ts';
import { checkDatabasePlace, checkNames } from './names.ts';
import { fail } from './pair-check.ts';
import { checkSharedFolder } from './shared-folder.ts';

const CHECKS = {
  addresses: checkAddresses,
  'virtual IP': checkMeans,
  'owner of the virtual IP': checkOwner,
  secret: checkSecret,
  link: checkLink,
  'place of the database': checkDatabasePlace,
  names: checkNames,
  'shared folder': checkSharedFolder,
  time: checkTime,
  kernel: checkKernel,
};

/** What a pair needs of this node and of its peer; each is looked at, whatever becomes of the others. */
export async function checkPair(context: CheckContext): Promise<CheckResult[]> {
  const { ha } = context.config;
  if (ha === undefined) {
    const remedy = 'dogwatch init pair writes the files of both nodes.';
    return [fail('pair', 'this node belongs to no pair: the configuration has no ha', remedy)];
  }
  const looked = Object.entries(CHECKS).map(async ([name, check]) => {
    try {
      return await check(ha, context);
    } catch (error) {
      return [fail(`pair, ${name}`, `cannot be looked at: ${messageOf(error)}`, 'See the log, or ask as root.')];
    }
  });
  return (await Promise.all(looked)).flat();
}

import { isIP } from 'node:net';
import { isWithin } from '../../config/rules/ha.ts';
import { isDatabaseUrl } from '../../config/schema.ts';
import { isRedisUrl } from '../../config/schema/redis.ts';
import { interfaceOf } from '../../setup/pair/own-interface.ts';
import { withPrefixLength } from '../../setup/pair/pair-plan.ts';

/** What is wrong with an answer, in words; undefined: nothing. All is checked again as a whole before it is written. */
export type AnswerCheck = (answer: string) => string | undefined;

/** Each node has a name of its own. @param taken those of before */
export function nameCheck(taken: readonly string[]): AnswerCheck {
  return (answer) => {
    if (taken.includes(answer)) return `${answer} is the first node: the nodes are told apart by their names`;
    return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(answer) ? undefined : 'expected letters, digits, ".", "_" and "-"';
  };
}

/** @param taken own addresses of before */
export function addressCheck(taken: readonly string[]): AnswerCheck {
  return (answer) => {
    if (taken.includes(answer)) return `${answer} is the first node's: each node has an own address`;
    return isIP(answer) === 0
      ? 'expected an address such as 192.0.2.11, not a name: it must not depend on DNS'
      : undefined;
  };
}

/** Several with blanks between. @param own addresses of both nodes @param driver `linux` needs one subnet */
export function virtualCheck(own: readonly string[], driver: string): AnswerCheck {
  return (answer) => {
    const length = own.map((each) => interfaceOf(each)?.prefixLength).find((each) => each !== undefined);
    for (const written of wordsOf(answer)) {
      const [address = '', bits = ''] = withPrefixLength(written, length).split('/');
      const family = isIP(address);
      const most = family === 4 ? 32 : 128;
      if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
        return `expected an address such as 192.0.2.10/24, found ${written}`;
      if (own.includes(address)) return `${address} is a node's own: it stays, the virtual IP moves`;
      const far = own.find((each) => isIP(each) === family && !isWithin(each, address, Number(bits)));
      if (far !== undefined && driver === 'linux') return `${address}/${bits} is not in the subnet of ${far}`;
    }
    return undefined;
  };
}

export const databaseCheck: AnswerCheck = (answer) =>
  isDatabaseUrl(answer) ? undefined : 'expected a URL such as postgresql://dogwatch@db.example.net/dogwatch';

export const queueCheck: AnswerCheck = (answer) =>
  answer === 'neither' || answer.startsWith('/') || isRedisUrl(answer)
    ? undefined
    : 'expected a URL such as redis://redis.example.net, a folder such as /mnt/dogwatch, or: neither';

export function wordsOf(answer: string): string[] {
  return answer.split(/[\s,]+/).filter((each) => each !== '');
}

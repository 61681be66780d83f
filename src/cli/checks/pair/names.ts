import { lookup, lookupService } from 'node:dns/promises';
import { isIP } from 'node:net';
import { withTimeout } from '../../../runtime/lifecycle.ts';
import { messageOf } from '../../../runtime/errors.ts';
import { interfaceOf } from '../../../setup/pair/own-interface.ts';
import type { CheckResult } from '../check-result.ts';
import { fail, ok, type PairCheck, virtualIps, warn } from './pair-check.ts';

const RESOLVE_MS = 3000;

/** Names of both nodes, both ways. Dogwatch speaks with addresses alone: people and their logs do not. */
export const checkNames: PairCheck = async ({ address, peer }, { config }) =>
  Promise.all([checkName(config.node.name, address, 'node.name'), checkName(peer.name, peer.address, 'ha.peer.name')]);

async function checkName(host: string, address: string, setting: string): Promise<CheckResult> {
  const name = `pair, name ${host}`;
  const remedy = `Add "${address} ${host}" to DNS (both ways), or to /etc/hosts of both nodes. Nothing fails without it.`;
  try {
    const found = await bounded(lookup(host, { all: true }));
    const addresses = found.map((each) => each.address);
    if (!addresses.includes(address))
      return warn(name, `${setting} resolves to ${addresses.join(', ')}, expected ${address}`, remedy);
    const { hostname } = await bounded(lookupService(address, 0));
    const isSame = hostname.split('.')[0]?.toLowerCase() === host.split('.')[0]?.toLowerCase();
    if (isSame) return ok(name, `${address}, and back`);
    return warn(name, `${host} is ${address}, but ${address} is ${hostname}`, remedy);
  } catch (error) {
    return warn(name, `${setting} does not resolve: ${messageOf(error)}`, remedy);
  }
}

/** A database on a node would be gone together with it. */
export const checkDatabasePlace: PairCheck = async (ha, { config }) => {
  const name = 'pair, place of the database';
  const { url } = config.database;
  if (url === undefined) return [];
  const host = hostOf(url);
  // Two nodes on one machine are a trial.
  const judge = interfaceOf(ha.address)?.name === 'lo' ? warn : fail;
  const remedy =
    'Let database.url name a server that is neither node, nor on one of them: it would be gone together with it.';
  if (host === '' || host.startsWith('/')) return [judge(name, 'database.url means this machine', remedy)];
  try {
    const found = isIP(host) === 0 ? await bounded(lookup(host, { all: true })) : [{ address: host }];
    const addresses = found.map((each) => each.address);
    const nodes = [ha.address, ha.peer.address, ...virtualIps(ha)];
    const bad = addresses.find((each) => nodes.includes(each) || interfaceOf(each) !== undefined);
    if (bad !== undefined)
      return [judge(name, `database.url: ${host} is ${bad}, an address of a node of the pair`, remedy)];
    return [ok(name, `${host} is ${addresses.join(', ')}, neither node`)];
  } catch (error) {
    return [fail(name, `database.url: ${host} does not resolve: ${messageOf(error)}`, 'Both nodes have to find it.')];
  }
};

/** Also of `postgresql://user@/db?host=/run/x`. */
export function hostOf(url: string): string {
  const parsed = new URL(url.replace('@/', '@localhost/'));
  return parsed.searchParams.get('host') ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1');
}

async function bounded<T>(answer: Promise<T>): Promise<T> {
  return withTimeout(answer, RESOLVE_MS, 'the name server');
}

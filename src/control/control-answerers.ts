import type { PairNode } from '../pair/pair-node.ts';
import { DogwatchError } from '../runtime/errors.ts';
import type { ControlAnswerers } from './control-server.ts';

/**
 * What commands may ask of a running collector.
 * @param pair undefined while there is none
 * @param invite lets another node join the pair
 */
export function controlAnswerers(
  pair: () => PairNode | undefined,
  invite: (port: number | undefined) => Promise<unknown>,
): ControlAnswerers {
  return {
    invite: (body) => invite(portOf(body)),
    async switchover(body) {
      const node = pair();
      if (node === undefined) throw new DogwatchError('NO_PAIR', 'this collector belongs to no pair');
      const { to, force } = wishOf(body);
      return node.switchover(to, force);
    },
  };
}

function wishOf(body: unknown): { to: string | undefined; force: boolean } {
  const given = typeof body === 'object' && body !== null ? body : {};
  const to: unknown = 'to' in given ? given.to : undefined;
  return { to: typeof to === 'string' ? to : undefined, force: 'force' in given && given.force === true };
}

function portOf(body: unknown): number | undefined {
  const port: unknown = typeof body === 'object' && body !== null && 'port' in body ? body.port : undefined;
  return typeof port === 'number' ? port : undefined;
}

import type { PairNodeStatus, PairStatus } from '../pair/pair-status.ts';
import type { NodeNow } from './notification-text.ts';

/** The nodes as this one knows them without the database; none where it is alone. */
export function nodesNow(pair: PairStatus | undefined): NodeNow[] {
  if (pair === undefined) return [];
  const { own, peer, link } = pair;
  const others = peer === undefined ? [] : [nodeNow(peer, link.heardMsAgo ?? 0)];
  return [nodeNow(own, 0), ...others];
}

function nodeNow({ node, role, version, reason, readiness }: PairNodeStatus, saidMsAgo: number): NodeNow {
  const fails = readiness.findings.filter(({ state }) => state === 'fail');
  const lacks = fails.map(({ name, found }) => `${name}: ${found}`);
  return { node, role, version, saidSecondsAgo: Math.round(saidMsAgo / 1000), reason, lacks };
}

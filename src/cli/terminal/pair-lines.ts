import type { PairNodeStatus, PairStatus, VoteStatus } from '../../pair/pair-status.ts';
import { elapsedText, grouped } from './figures.ts';

const SHOWN_EVENTS = 5;
/** A peer that is not heard for longer is not there. */
const SILENT_MS = 5000;

type Line = [label: string, text: string];

/** The pair on one screen, the same on either node: who is active and why, what keeps it so, whether the other could follow. */
export function pairLines(pair: PairStatus, now: Date): Line[] {
  const { own, peer, virtualAddresses, heartbeat } = pair;
  const heardMsAgo = pair.link.heardMsAgo ?? Infinity;
  const present = peer !== undefined && heardMsAgo <= SILENT_MS ? [own, peer] : [own];
  const holder = present.find(({ holdsAddress }) => holdsAddress)?.node;
  return [
    [
      'pair',
      `${pair.pair}, virtual IP ${virtualAddresses.join(', ')}, ${holder === undefined ? 'on neither node as far as is known' : `on ${holder}`}`,
    ],
    [
      'heartbeat',
      heartbeat === undefined
        ? 'never seen'
        : `epoch ${heartbeat.epoch} of ${heartbeat.holder || 'nobody'}, ${elapsedText(heartbeat.ageMs)} ago`,
    ],
    ...nodeLines(`${own.node} (here)`, own, now),
    ...peerLines(pair, now),
    ['link', linkText(pair)],
    ...pair.events
      .slice(0, SHOWN_EVENTS)
      .map(({ at, node, summary }, index): Line => [
        index === 0 ? 'events' : '',
        `${elapsedText(Math.max(0, now.getTime() - Date.parse(at)))} ago, ${node}: ${summary}`,
      ]),
  ];
}

/** What a node that is gone said last is no news of it. */
function peerLines({ peer, peerName, link }: PairStatus, now: Date): Line[] {
  if (peer === undefined) return [[peerName, 'NOT HEARD: it has said nothing since this node started']];
  const { heardMsAgo } = link;
  if (heardMsAgo !== undefined && heardMsAgo <= SILENT_MS) return nodeLines(peer.node, peer, now);
  const silence = heardMsAgo === undefined ? 'since this node started' : `for ${elapsedText(heardMsAgo)}`;
  const [batches, rows] = [grouped(peer.queue.batches), grouped(peer.queue.rows)];
  return [
    [peer.node, `NOT HEARD ${silence}: see whether it runs, and whether the link does`],
    ['', `it said last: ${peer.role}, epoch ${peer.epoch}, ${batches} batches, ${rows} rows waiting`],
  ];
}

function nodeLines(label: string, node: PairNodeStatus, now: Date): Line[] {
  const { role, reason, since, epoch, votes, isListening, readiness, queue } = node;
  const lines: Line[] = [
    [label, `${role} for ${elapsedText(Math.max(0, now.getTime() - Date.parse(since)))}, epoch ${epoch}: ${reason}`],
  ];
  if (role !== 'standby')
    lines.push([
      '',
      `votes: database ${voteText(votes.database)}, peer ${voteText(votes.peer)}; ${isListening ? 'listening' : 'not listening'}`,
    ]);
  const troubles = readiness.findings.filter(({ state }) => state !== 'ok');
  const canTake = role === 'standby' ? (readiness.isReady ? 'ready to take over' : 'NOT ready to take over') : 'well';
  lines.push(['', troubles.length === 0 ? canTake : `${canTake}:`]);
  for (const { name, state, found, remedy } of troubles)
    lines.push([
      '',
      `  ${state === 'fail' ? 'FAIL' : 'warn'} ${name}: ${found}${remedy === undefined ? '' : ` (${remedy})`}`,
    ]);
  const waiting = `${grouped(queue.batches)} batches, ${grouped(queue.rows)} rows, the oldest for ${elapsedText(queue.oldestMs)}`;
  lines.push(['', `queue: ${queue.batches === 0 ? 'empty' : waiting}`]);
  return lines;
}

function voteText({ leftMs, trouble }: VoteStatus): string {
  if (leftMs > 0) return `yes, ${(leftMs / 1000).toFixed(1)} s left`;
  return trouble === undefined ? 'no' : `no (${trouble})`;
}

function linkText({ link, peerName }: PairStatus): string {
  const { heardMsAgo, roundTripMs, clockOffsetMs, loss, trouble } = link;
  if (heardMsAgo === undefined) return trouble ?? `nothing was heard of ${peerName}`;
  const parts = [`heard ${elapsedText(heardMsAgo)} ago`];
  if (roundTripMs !== undefined) parts.push(`round trip ${roundTripMs.toFixed(1)} ms`);
  if (loss !== undefined) parts.push(`${(loss * 100).toFixed(1)} % of its beats lost`);
  if (clockOffsetMs !== undefined)
    parts.push(`its clock ${clockOffsetMs < 0 ? '' : '+'}${clockOffsetMs.toFixed(0)} ms`);
  return [parts.join(', '), ...(trouble === undefined ? [] : [trouble])].join('; ');
}

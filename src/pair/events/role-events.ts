import type { RoleChange } from '../../../ha/role/keeper/role-keeper.ts';
import type { RoleStatus } from '../../../ha/role/keeper/status.ts';
import type { PairEventKind } from './pair-event.ts';

interface EventText {
  readonly kind: PairEventKind;
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A change of the role as an event; undefined where only the words of a standby's reason have changed. */
export function eventOf({ node }: { readonly node: string }, change: RoleChange): EventText | undefined {
  const { from, to, reason, view } = change;
  if (from === to) return undefined;
  const { row } = view.database;
  const details = {
    from,
    to,
    reason: reason.code,
    heartbeat: row === undefined ? undefined : { epoch: row.epoch, holder: row.holder, counter: row.counter },
    peerRole: view.link.beat?.role,
    peerHeardMsAgo: Number.isFinite(view.link.heardMs) ? Math.round(change.atMs - view.link.heardMs) : undefined,
  };
  const isActive = to === 'active' && from === 'standby';
  const isHandedOver = isActive && wasHandedOver(change);
  const why = isHandedOver ? `${view.peer} handed the role over, epoch ${change.epoch}` : reason.text;
  return {
    // Who hands over tells of the switchover.
    kind: isActive && !isHandedOver ? 'takeover' : 'role',
    summary: `${node} is ${to} now, was ${from}: ${why}`,
    details,
  };
}

/** Whether a standby became active by the peer's word: without the database's, nothing but a peer that hands over makes it so. */
export function wasHandedOver({ from, reason }: Pick<RoleChange, 'from' | 'reason'>): boolean {
  return from === 'standby' && reason.code === 'PEER_VOTE';
}

/** Which votes an active node has. */
export interface VoteState {
  readonly database: boolean;
  readonly peer: boolean;
}

/** Votes that an active node has lost or regained since the last look. */
export function voteChanges(
  before: VoteState | undefined,
  { role, databaseVoteMs, peerVoteMs }: RoleStatus,
  node: string,
): { readonly votes: VoteState | undefined; readonly events: readonly Omit<EventText, 'kind'>[] } {
  if (role !== 'active') return { votes: undefined, events: [] };
  const votes = { database: databaseVoteMs !== undefined, peer: peerVoteMs !== undefined };
  if (before === undefined) return { votes, events: [] };
  const events = (['database', 'peer'] as const)
    .filter((vote) => votes[vote] !== before[vote])
    .map((vote) => ({
      summary: `${node} has ${votes[vote] ? 'the' : 'lost the'} vote of the ${vote}${votes[vote] ? ' again' : ''}`,
      details: { vote, has: votes[vote] },
    }));
  return { votes, events };
}

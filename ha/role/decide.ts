/**
 * Which role a node has, and why: a pure function of what the node sees.
 *
 *                     votes lost, whenIsolated: stepDown · paused · higher epoch
 *        ┌──────────────────────────────────────────────────────────────────────────┐
 *        │                                                                          ▼
 *    ┌────────┐  votes lost, whenIsolated: collect    ┌────────────┐           ┌─────────┐
 *    │ active │ ────────────────────────────────────▶ │ collecting │ ────────▶ │ standby │
 *    └────────┘ ◀──────────────────────────────────── └────────────┘           └─────────┘
 *        ▲        a vote came back, epoch still held     ▲      another has the address,  │
 *        │                                               │      nobody answers, peer      │
 *        │                                               │      active, higher epoch      │
 *        │                                               └────────────────────────────────┤
 *        │                            no database, no peer, no promise, address is free   │
 *        └────────────────────────────────────────────────────────────────────────────────┘
 *          the heartbeat was won, or the peer handed over: holds the highest epoch and a vote
 */
import type { Role } from './ports.ts';
import { because, spanText, type Reason, type ReasonCode } from './reason.ts';
import { freshProbe, isProbing, probeIsDue, takeoverRule } from './takeover-rule.ts';
import {
  DEFEND_EVERY_MS,
  PROBE_EVERY_MS,
  collectForMs,
  databaseAnswers,
  databaseVotes,
  holdsEpoch,
  leaseUntilMs,
  peerIsHeard,
  peerIsSilent,
  type View,
} from './view.ts';

export interface Decision {
  readonly role: Role;
  readonly reason: Reason;
  /** What the database is asked for next. `renew`: raise the counter of our own row; `claim`: take the row. */
  readonly ask: 'read' | 'renew' | 'claim';
  /** Whether to ask the segment who has the address, unless that is on its way. */
  readonly probes: boolean;
}

export function decide(view: View, now: number): Decision {
  if (view.handOver === 'sent' || view.handOver === 'done') {
    return stayStandby(because('HANDED_OVER', `the role is handed over to ${view.peer}`));
  }
  if (view.role === 'active') return decideActive(view, now);
  return view.role === 'collecting' ? decideCollecting(view, now) : decideStandby(view, now);
}

function decideActive(view: View, now: number): Decision {
  if (view.known > view.epoch) return stepDown('HIGHER_EPOCH', higherEpochText(view));
  if (now < leaseUntilMs(view)) {
    return {
      role: 'active',
      reason: votesReason(view, now),
      ask: 'renew',
      probes: probeIsDue(view, now, DEFEND_EVERY_MS),
    };
  }
  // A node that slept through the end of its lease must not add the address again: somebody else may have it by now.
  if (view.wokeMs >= leaseUntilMs(view)) {
    return stepDown(
      'PAUSED',
      `this node did not run for a while, and its lease ended ${spanText(now - leaseUntilMs(view))} ago`,
    );
  }
  const text = `neither the database nor ${view.peer} answers`;
  if (view.whenIsolated === 'stepDown') return stepDown('VOTES_LOST', `${text}; the settings say to step down`);
  return {
    role: 'collecting',
    reason: because('ISOLATED', `${text}; nobody else is known to listen`),
    ask: 'renew',
    probes: true,
  };
}

function votesReason(view: View, now: number): Reason {
  const { probe } = view;
  if (view.role === 'active' && probe !== undefined && probe.owner !== 'nobody' && probe.askedMs >= view.sinceMs) {
    const whose = probe.owner === 'peer' ? view.peer : 'a machine that is not of the pair';
    return because('ADDRESS_CONTESTED', `active, epoch ${view.epoch}, but ${whose} answers for the virtual IP as well`);
  }
  const database = now < view.database.voteUntilMs;
  const peer = now < view.link.voteUntilMs;
  if (database && peer) return because('BOTH_VOTES', `the database and ${view.peer} agree, epoch ${view.epoch}`);
  return database
    ? because('DATABASE_VOTE', `the database agrees, epoch ${view.epoch}; ${view.peer} grants nothing`)
    : because('PEER_VOTE', `${view.peer} agrees, epoch ${view.epoch}; the database does not answer in time`);
}

function decideCollecting(view: View, now: number): Decision {
  const refusal = letGo(view, now);
  if (refusal !== undefined) return { role: 'standby', reason: refusal, ask: 'read', probes: false };
  if (holdsEpoch(view) && now < leaseUntilMs(view)) {
    return { role: 'active', reason: votesReason(view, now), ask: 'renew', probes: false };
  }
  const rule = takeoverRule(view, now);
  const mayRenew = holdsEpoch(view) && now >= view.link.promiseUntilMs;
  const ask = mayRenew ? 'renew' : rule.verdict === 'claim' ? 'claim' : 'read';
  const text = databaseAnswers(view, now)
    ? `the database answers again; ${rule.reason.text}`
    : `neither the database nor ${view.peer} answers, and nobody else has the address`;
  return { role: 'collecting', reason: because('ISOLATED', text), ask, probes: probeIsDue(view, now, PROBE_EVERY_MS) };
}

/** Why a collecting node lets go of the address, if it does. */
function letGo(view: View, now: number): Reason | undefined {
  if (view.known > view.knownBefore && !holdsEpoch(view)) return because('HIGHER_EPOCH', higherEpochText(view));
  if (view.database.peerRenewedMs > view.sinceMs) return because('PEER_ACTIVE', `${view.peer} renews the heartbeat`);
  const asked = view.probe !== undefined && view.probe.askedMs >= view.sinceMs ? view.probe : undefined;
  if (asked !== undefined && asked.owner !== 'nobody') return ownerReason(view);
  if (asked?.neighbourAnswers === false) return because('SEGMENT_SILENT', 'no neighbour on the segment answers');
  if (now - Math.max(view.sinceMs, asked?.askedMs ?? 0) >= collectForMs(view)) {
    return because('NOT_PROBED', 'whether another machine has the address could not be asked for too long');
  }
  const beat = peerIsHeard(view, now) ? view.link.beat : undefined;
  if (beat === undefined || beat.role === 'standby') return undefined;
  if (beat.role === 'active' && beat.epoch >= view.known) return because('PEER_ACTIVE', `${view.peer} is active`);
  const yields = beat.wantsGrant === holdsEpoch(view) ? view.peer < view.node : beat.wantsGrant;
  return beat.role === 'collecting' && yields ? because('PEER_COLLECTS', `${view.peer} collects`) : undefined;
}

function decideStandby(view: View, now: number): Decision {
  if (holdsEpoch(view) && now < leaseUntilMs(view)) {
    return { role: 'active', reason: votesReason(view, now), ask: 'renew', probes: false };
  }
  if (view.handOver === 'unanswered' && view.whenIsolated === 'collect' && now - view.sinceMs < view.windowMs) {
    const text = `${view.peer} was asked to take over, and has not answered`;
    return { role: 'collecting', reason: because('SWITCHOVER_UNANSWERED', text), ask: 'read', probes: true };
  }
  const rule = takeoverRule(view, now);
  const instead = databaseVotes(view, now) ? undefined : collectInstead(view, now);
  if (instead !== undefined) {
    const claims = rule.verdict === 'claim' && (instead.role === 'collecting' || !rule.probeFirst);
    return claims ? { ...instead, ask: 'claim' } : instead;
  }
  return rule.verdict === 'no' ? stayStandby(rule.reason) : decideTakeover(view, now, rule);
}

/** A takeover that the row allows, now or soon: first the segment is asked whether a machine that is not of the pair has the address. */
function decideTakeover(view: View, now: number, rule: ReturnType<typeof takeoverRule>): Decision {
  if (!rule.probeFirst) return { ...stayStandby(rule.reason), ask: 'claim' };
  const probe = freshProbe(view, now);
  if (probe?.owner === 'foreign')
    return { ...stayStandby(ownerReason(view)), probes: probeIsDue(view, now, PROBE_EVERY_MS) };
  if (probe === undefined && (isProbing(view, now) || view.probingSinceMs === Infinity)) {
    const text = `${rule.reason.text}; asking the segment who has the address`;
    return { ...stayStandby(because('PROBING', text)), probes: true };
  }
  return { ...stayStandby(rule.reason), ask: rule.verdict === 'claim' ? 'claim' : 'read' };
}

/** Collecting from standby: where nobody could be active, and the address is seen to be free. */
function collectInstead(view: View, now: number): Decision | undefined {
  if (view.whenIsolated !== 'collect' || now < view.link.promiseUntilMs) return undefined;
  // The node whose name is smaller tries first; the other leaves it the time to be seen.
  const waitMs = view.windowMs * (view.node < view.peer ? 1 : 2);
  const bothStandby = peerIsHeard(view, now) && now - view.link.standbySinceMs >= waitMs;
  if (now - view.sinceMs < waitMs || !(peerIsSilent(view, now) || bothStandby)) return undefined;
  const probe = freshProbe(view, now);
  if (probe === undefined) {
    return {
      ...stayStandby(because('PROBING', 'nobody else seems to listen; asking the segment who has the address')),
      probes: true,
    };
  }
  if (probe.owner !== 'nobody')
    return { ...stayStandby(ownerReason(view)), probes: probeIsDue(view, now, PROBE_EVERY_MS) };
  if (probe.neighbourAnswers !== true) {
    const reason = because(
      'SEGMENT_SILENT',
      'no neighbour on the segment answers: this node may be the one that is cut off',
    );
    return { ...stayStandby(reason), probes: probeIsDue(view, now, PROBE_EVERY_MS) };
  }
  const text = `the database does not answer in time, ${view.peer} is not active, and nobody has the address`;
  return { role: 'collecting', reason: because('ISOLATED', text), ask: 'read', probes: true };
}

function ownerReason(view: View): Reason {
  const mac = view.probe?.mac === undefined ? '' : ` (${view.probe.mac})`;
  return view.probe?.owner === 'foreign'
    ? because('FOREIGN_OWNER', `a machine that is not of the pair answers for the virtual IP${mac}`)
    : because('PEER_HAS_ADDRESS', `${view.peer} answers for the virtual IP${mac}`);
}

function higherEpochText(view: View): string {
  return `epoch ${view.known} is known, above ${view.epoch > 0 ? view.epoch : view.knownBefore}: ${view.peer} took over`;
}

function stepDown(code: ReasonCode, text: string): Decision {
  return stayStandby(because(code, text));
}

function stayStandby(reason: Reason): Decision {
  return { role: 'standby', reason, ask: 'read', probes: false };
}

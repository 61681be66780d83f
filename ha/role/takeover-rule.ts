import type { Heartbeat } from './ports.ts';
import { because, spanText, type Reason } from './reason.ts';
import {
  DEFEND_EVERY_MS,
  LOSSES_WITHIN_MS,
  MOST_LOSSES,
  MOVE_EVERY_MS,
  PROBE_WITHIN_MS,
  databaseAnswers,
  longestGapMs,
  peerIsHeard,
  peerIsSilent,
  rowIsOurs,
  type View,
} from './view.ts';

/** Of a stretch in which the row stood still, at least so many answers: a single slow one says little. */
const LEAST_ANSWERS = 3;

/** A quarantined node takes over all the same when nobody did for so many windows. */
const QUARANTINE_WINDOWS = 3;

/** Whether a node that is not active may take the row of the database. */
export interface TakeoverRule {
  /** `claim`: now; `soon`: in less than the time of a probe; `no`. */
  readonly verdict: 'claim' | 'soon' | 'no';
  /** Whether to ask the segment first who has the address. */
  readonly probeFirst: boolean;
  readonly reason: Reason;
}

/**
 * The rule, first match wins: no answer of the database → no; promised to the peer → no; the row names this run of this node → claim;
 * it names an earlier run, or nobody → claim; it stood still for the window → claim, unless one of the brakes on flapping holds.
 */
export function takeoverRule(view: View, now: number): TakeoverRule {
  const { row } = view.database;
  if (row === undefined || !databaseAnswers(view, now)) return no('DATABASE_UNREACHABLE', databaseText(view, now));
  const rule = rowRule(view, row, now);
  if (now >= view.link.promiseUntilMs) return rule;
  const text = `${view.peer} is active by this node's grant, for another ${spanText(view.link.promiseUntilMs - now)}`;
  // A peer that has just fallen silent: the segment can be asked while the promise runs out.
  const isSilent = now - view.link.heardMs > longestGapMs(view) && rule.probeFirst && rule.verdict !== 'no';
  return { verdict: isSilent ? 'soon' : 'no', probeFirst: true, reason: because('PROMISED', text) };
}

function rowRule(view: View, row: Heartbeat, now: number): TakeoverRule {
  if (rowIsOurs(view)) return claim(false, `the heartbeat still names this node, epoch ${row.epoch}`);
  if (row.epoch >= view.known && row.holder === view.node) {
    return claim(false, `the heartbeat names an earlier run of this node, epoch ${row.epoch}`);
  }
  return brake(view, now) ?? (row.epoch >= view.known && row.holder === '' ? nobody(view) : stillness(view, now));
}

/** Whether the answer of the last probe is young enough to act on. */
export function freshProbe(view: View, now: number): View['probe'] {
  const { probe } = view;
  return probe !== undefined && probe.askedMs >= view.wokeMs && now - probe.askedMs <= 2 * PROBE_WITHIN_MS + view.beatMs
    ? probe
    : undefined;
}

/** Whether an answer of the segment is still to be waited for. One that hangs does not hold up a takeover. */
export function isProbing(view: View, now: number): boolean {
  return now - view.probingSinceMs >= 0 && now - view.probingSinceMs <= PROBE_WITHIN_MS + 2 * view.beatMs;
}

/** Whether the time has come to ask the segment again. */
export function probeIsDue(view: View, now: number, everyMs: typeof DEFEND_EVERY_MS | typeof PROBE_WITHIN_MS): boolean {
  return view.probe === undefined || now - view.probe.askedMs >= everyMs;
}

function stillness(view: View, now: number): TakeoverRule {
  const { row, stillSinceMs, answeredMs, stillAnswers } = view.database;
  // The claim itself finds out whether the row has moved since the last answer; the stretch of answers must not be broken, though.
  const isUnbroken = now - answeredMs <= longestGapMs(view);
  const stillMs = (isUnbroken ? now : answeredMs) - stillSinceMs;
  const name = row?.holder === '' ? 'nobody' : row?.holder;
  if (isUnbroken && stillMs >= view.windowMs && stillAnswers >= LEAST_ANSWERS) {
    return claim(true, `the heartbeat of ${name} has stood still for ${spanText(stillMs)}`);
  }
  const verdict = stillMs >= view.windowMs - PROBE_WITHIN_MS - view.beatMs ? 'soon' : 'no';
  const text =
    stillMs > view.leaseMs ? `the heartbeat of ${name} stands still for ${spanText(stillMs)}` : `${name} is active`;
  return { verdict, probeFirst: true, reason: because(stillMs > view.leaseMs ? 'CLAIMING' : 'PEER_RENEWS', text) };
}

function nobody(view: View): TakeoverRule {
  return claim(true, view.known === 0 ? 'nobody was ever active' : 'the last active node gave the role up');
}

/** What holds a takeover back although the row would allow it. */
function brake(view: View, now: number): TakeoverRule | undefined {
  if (peerIsSilent(view, now)) return undefined;
  const { stillSinceMs, answeredMs } = view.database;
  const isLong = answeredMs - stillSinceMs >= QUARANTINE_WINDOWS * view.windowMs;
  if (!view.isReady && !isLong) return no('NOT_READY', 'this node is not ready to take over, and the peer is alive');
  const losses = view.lossesMs.filter((each) => now - each < LOSSES_WITHIN_MS).length;
  if (losses >= MOST_LOSSES && !isLong) {
    return no('QUARANTINED', `this node lost the role ${losses} times in ten minutes, and leaves it to ${view.peer}`);
  }
  const peerServes = peerIsHeard(view, now) && view.link.beat?.role === 'collecting';
  if (peerServes && now - view.movedMs < MOVE_EVERY_MS) {
    return no('MOVED_LATELY', `the role moved ${spanText(now - view.movedMs)} ago, and ${view.peer} still collects`);
  }
  return undefined;
}

function databaseText(view: View, now: number): string {
  const age = now - view.database.answeredMs;
  return Number.isFinite(age)
    ? `the database has not answered for ${spanText(age)}`
    : 'the database has not answered yet';
}

function claim(probeFirst: boolean, text: string): TakeoverRule {
  return { verdict: 'claim', probeFirst, reason: because('CLAIMING', text) };
}

function no(code: Reason['code'], text: string): TakeoverRule {
  return { verdict: 'no', probeFirst: false, reason: because(code, text) };
}

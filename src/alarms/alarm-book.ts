import type { AlarmSign, AlarmStatus } from './alarm.ts';

/** An alarm that began, is still on after `repeatAfterMs`, or is over. */
export interface AlarmChange {
  readonly what: 'began' | 'goes-on' | 'over';
  readonly alarm: AlarmStatus;
  readonly sign: AlarmSign;
  /** How long it has been on; 0 when it begins. */
  readonly lastedMs: number;
}

interface Entry {
  sign: AlarmSign;
  /** Since when the sign has been without interruption what it would take to change; undefined: it is not. */
  towardsMs: number | undefined;
  raised: { readonly alarm: AlarmStatus; readonly atMs: number; toldMs: number } | undefined;
}

/**
 * Which alarms are on.
 *
 *   quiet ──on for raiseAfterMs──▶ raised ──off for clearAfterMs──▶ quiet
 *     ▲ │                            ▲ │
 *     └─┴ between, off: from anew    └─┴ between, on: from anew; every repeatAfterMs it goes on
 *
 * So what flutters makes no events. A sign that is not there any more is off.
 */
export class AlarmBook {
  readonly #repeatAfterMs: number;
  readonly #entries = new Map<string, Entry>();

  /** @param repeatAfterMs 0: an alarm that goes on is told of once */
  constructor(repeatAfterMs: number) {
    this.#repeatAfterMs = repeatAfterMs;
  }

  /** The oldest first. */
  get alarms(): readonly AlarmStatus[] {
    const all = [...this.#entries.values()].flatMap(({ raised }) => (raised === undefined ? [] : [raised.alarm]));
    return all.toSorted((one, other) => one.since.localeCompare(other.since));
  }

  /**
   * @param signs all of this look
   * @param nowMs monotonic
   * @param at the wall clock, ISO 8601
   */
  look(signs: readonly AlarmSign[], nowMs: number, at: string): AlarmChange[] {
    const changes: AlarmChange[] = [];
    const seen = new Set<string>();
    for (const sign of signs) {
      const key = `${sign.kind} ${sign.subject}`;
      seen.add(key);
      const entry = this.#entries.get(key) ?? { sign, towardsMs: undefined, raised: undefined };
      this.#entries.set(key, entry);
      entry.sign = sign;
      changes.push(...this.#step(entry, nowMs, at));
    }
    for (const [key, entry] of this.#entries) {
      if (seen.has(key)) continue;
      entry.sign = { ...entry.sign, state: 'off' };
      changes.push(...this.#step(entry, nowMs, at));
      if (entry.raised === undefined) this.#entries.delete(key);
    }
    return changes;
  }

  #step(entry: Entry, nowMs: number, at: string): AlarmChange[] {
    const { sign, raised } = entry;
    const wanted = raised === undefined ? 'on' : 'off';
    const patienceMs = raised === undefined ? sign.raiseAfterMs : sign.clearAfterMs;
    if (raised !== undefined && sign.state === 'on') entry.raised = { ...raised, alarm: renewed(raised.alarm, sign) };
    entry.towardsMs = sign.state === wanted ? (entry.towardsMs ?? nowMs) : undefined;
    if (entry.towardsMs === undefined || nowMs - entry.towardsMs < patienceMs) return this.#goesOn(entry, nowMs);
    entry.towardsMs = undefined;
    if (raised === undefined) {
      const { kind, subject, summary, remedy } = sign;
      const alarm = { kind, subject, since: at, summary, remedy };
      entry.raised = { alarm, atMs: nowMs, toldMs: nowMs };
      return [{ what: 'began', alarm, sign, lastedMs: 0 }];
    }
    entry.raised = undefined;
    return [{ what: 'over', alarm: raised.alarm, sign, lastedMs: nowMs - raised.atMs }];
  }

  #goesOn({ raised, sign }: Entry, nowMs: number): AlarmChange[] {
    if (raised === undefined || this.#repeatAfterMs === 0 || nowMs - raised.toldMs < this.#repeatAfterMs) return [];
    raised.toldMs = nowMs;
    return [{ what: 'goes-on', alarm: raised.alarm, sign, lastedMs: nowMs - raised.atMs }];
  }
}

function renewed(alarm: AlarmStatus, { summary, remedy }: AlarmSign): AlarmStatus {
  return { ...alarm, summary, remedy };
}

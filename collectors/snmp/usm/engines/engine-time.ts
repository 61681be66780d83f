/** SnmpEngineBoots and SnmpEngineTime are INTEGER (0..2147483647) on the wire (RFC 3414 section 2.4). */
export const MAX_BOOTS = 2_147_483_647;
/** RFC 3414 section 2.2.3, in seconds. */
export const TIME_WINDOW_SECONDS = 150;

/** What is known of the clock of an engine that is the authority over its own messages. */
export interface EngineTime {
  /** -1: nothing authentic was heard yet. */
  boots: number;
  /** snmpEngineTime, the latest received with these boots, in seconds. */
  latestTime: number;
  /** When that was received, microseconds since the Unix epoch. */
  latestAtMicros: number;
}

/** What is wrong with the time of a notification. */
export type TimeTrouble =
  /** SnmpEngineBoots starts at 1 (RFC 3411 section 5); the device does not count. */
  | 'boots-zero'
  /** Older than the window, or of an earlier boot: delayed, replayed, or the device lost its counter. */
  | 'time-window'
  /** The very time of an earlier message although the window has passed: the device's engine time stands still. */
  | 'time-not-advancing';

export function unknownEngineTime(): EngineTime {
  return { boots: -1, latestTime: 0, latestAtMicros: 0 };
}

/**
 * RFC 3414 section 3.2 step 7b: learns from an authentic message, and says whether it lies outside of the time window. Time only
 * goes forward here: what comes out of order is judged, and not learnt.
 */
export function judgeTime(
  known: EngineTime,
  boots: number,
  time: number,
  receivedAtMicros: number,
): TimeTrouble | undefined {
  if (boots >= MAX_BOOTS) return 'time-window';
  const isNews = boots > known.boots || (boots === known.boots && time > known.latestTime);
  if (isNews) learnTime(known, boots, time, receivedAtMicros);
  if (boots === 0) return 'boots-zero';
  if (boots < known.boots) return 'time-window';
  const passedSeconds = Math.floor((receivedAtMicros - known.latestAtMicros) / 1_000_000);
  if (time >= known.latestTime + passedSeconds - TIME_WINDOW_SECONDS) return undefined;
  return time === known.latestTime ? 'time-not-advancing' : 'time-window';
}

export function learnTime(known: EngineTime, boots: number, time: number, atMicros: number): void {
  known.boots = boots;
  known.latestTime = time;
  known.latestAtMicros = atMicros;
}

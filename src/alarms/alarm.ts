/** What an alarm is about; label of `dogwatch_alarms`, and `details.alarm` of its events. */
export const ALARM_KINDS = [
  'disk',
  'journal',
  'rows-lost',
  'database',
  'queue',
  'process',
  'job',
  'loss',
  'storage',
  'standby',
  'warm-state',
  'address',
  'listeners',
] as const;

type AlarmKind = (typeof ALARM_KINDS)[number];

/** What one rule sees at one look. */
export interface AlarmSign {
  readonly kind: AlarmKind;
  /** Which one of its kind: a process, a table. Empty where there is one. */
  readonly subject: string;
  /** `between`: better than where the alarm begins, and not yet as good as where it ends. */
  readonly state: 'on' | 'between' | 'off';
  /** How long it has to be on before it is an alarm, and off before it is over; milliseconds. */
  readonly raiseAfterMs: number;
  readonly clearAfterMs: number;
  /** A sentence's end, behind the name of the node: what is wrong while it is on. */
  readonly summary: string;
  /** What it is when all is well again. */
  readonly wellAgain: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** An alarm that has begun and is not over; plain data. */
export interface AlarmStatus {
  readonly kind: AlarmKind;
  readonly subject: string;
  /** ISO 8601. */
  readonly since: string;
  readonly summary: string;
  readonly remedy: string;
}

/** What is told, made ready for every channel. */
export interface Notification {
  /** Of the event, or the first of several: the same whenever and by whomever it is told. */
  readonly uid: string;
  /** One line. */
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
  /** Plain JSON, for programs. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A way to operators. */
export interface Channel {
  /** `email`, `webhook-1`; stable from run to run. */
  readonly name: string;
  /** Where it leads, without secrets. */
  readonly target: string;
  /**
   * Tells it, in bounded time.
   * @returns what the server answered, one line
   * @throws why it was not taken; then it may be tried again
   */
  send(notification: Notification): Promise<string>;
}

/** One line of what a foreign server said. */
export function answerLine(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
}

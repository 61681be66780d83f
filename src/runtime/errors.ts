/**
 * An expected trouble with a stable code: something an operator can act on, as opposed to a broken invariant
 * (those are plain `Error`s or assertions, and end the process).
 */
export class DogwatchError extends Error {
  /** Stable, `UPPER_SNAKE_CASE`; documented where it is thrown, safe to match in scripts. */
  readonly code: string;
  /** What to do about it, a sentence for the operator. */
  readonly remedy: string | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; remedy?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DogwatchError';
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** The message of anything that was thrown, with the messages of its causes. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // pg reports a refused connection on several addresses as an AggregateError with an empty message.
  const own =
    thrown instanceof AggregateError && thrown.message === ''
      ? thrown.errors.map(messageOf).join('; ')
      : thrown.message;
  return thrown.cause === undefined ? own : `${own}: ${messageOf(thrown.cause)}`;
}

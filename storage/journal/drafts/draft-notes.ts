/** The longest notes of one write. */
export const MAX_NOTES_BYTES = 12_288;

/** What is written down together with the rows of a batch: after a crash it is there where they are, and not where they are not. */
export interface DraftNotes {
  /** What there is to note by now, at most `MAX_NOTES_BYTES`; the memory is used again. */
  take(): Buffer | undefined;
  /** What was taken last could not be written with rows. */
  refused(): void;
  /** The batch gets no more rows. As soon as this returns its draft may go, with the notes. */
  sealed(): void;
}

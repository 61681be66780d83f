/** A connection to the database, open; as much of it as the pair needs. */
export interface SqlSession {
  /** @throws what the database says, or that the connection is gone */
  query(text: string, values?: readonly unknown[]): Promise<SqlAnswer>;
  /** Closes it; never rejects, never waits for long. */
  close(): Promise<void>;
}

interface SqlAnswer {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows that were written or read. */
  readonly rowCount: number | null;
}

/** Opens one. @throws what the database says */
export type OpenSession = () => Promise<SqlSession>;

import { constraintOf, sqlStateOf } from './database.ts';

// Classes of SQLSTATE (PostgreSQL manual, appendix A) that are a verdict on the rows, and would be the same tomorrow:
// 22 data exception, 23 integrity constraint violation, 54 program limit exceeded (a row too long).
const DATA_CLASSES = new Set(['22', '23', '54']);
const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';

/** The database knows the batch: it has been written. */
export function isAlreadyWritten(error: unknown): boolean {
  return sqlStateOf(error) === UNIQUE_VIOLATION && constraintOf(error) === 'batches_pkey';
}

/** A row has no partition. PostgreSQL reports it as a check that has no name. */
export function isMissingPartition(error: unknown): boolean {
  return sqlStateOf(error) === CHECK_VIOLATION && constraintOf(error) === undefined;
}

/** The database refuses a row, now and for ever. Anything else may pass: a lost connection, a full disk, a lock. */
export function isRefusedData(error: unknown): boolean {
  const state = sqlStateOf(error);
  return (
    state !== undefined && DATA_CLASSES.has(state.slice(0, 2)) && !isAlreadyWritten(error) && !isMissingPartition(error)
  );
}

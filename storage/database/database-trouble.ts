import { messageOf } from '../../src/runtime/errors.ts';
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

// What an operator can do something about; by SQLSTATE, or by its class. PostgreSQL manual, appendix A.
const WORDS: Readonly<Record<string, string>> = {
  '08': 'the connection to PostgreSQL broke',
  '25006': 'PostgreSQL is read-only (a standby in recovery, or default_transaction_read_only)',
  '28': 'PostgreSQL does not let our account in',
  '3D000': 'there is no such database',
  '40': 'PostgreSQL gave way to another transaction',
  '42': 'the schema is not as it should be',
  '42501': 'our account lacks a right in PostgreSQL',
  '53100': 'the disk of PostgreSQL is full',
  '53200': 'PostgreSQL is out of memory',
  '53300': 'PostgreSQL has no connection left (max_connections)',
  '55': 'PostgreSQL is busy with something else',
  '57': 'PostgreSQL is stopping, starting, or recovering from a crash',
  '57014': 'PostgreSQL cancelled the statement',
  '58': 'the system below PostgreSQL fails',
  ECONNREFUSED: 'PostgreSQL is not running, or listens elsewhere',
  ENOENT: 'PostgreSQL is not running, or listens elsewhere',
  ENOTFOUND: 'the name of the database server is not known',
  EHOSTUNREACH: 'the database server cannot be reached',
  ENETUNREACH: 'the database server cannot be reached',
  TIMED_OUT: 'PostgreSQL gives no answer',
};
const NO_ANSWER = /timeout|timed out/i;

/** Why the database does not take something, in words, and then as it was said. On one line, without the place in the data. */
export function explainDatabaseTrouble(error: unknown): string {
  const said = messageOf(error).replaceAll(/\s+/g, ' ');
  const code = sqlStateOf(error) ?? codeOf(error);
  const words = WORDS[code] ?? WORDS[code.slice(0, 2)] ?? (NO_ANSWER.test(said) ? WORDS['TIMED_OUT'] : undefined);
  if (words === undefined) return said;
  return `${words} (${sqlStateOf(error) === undefined ? '' : `${code}: `}${said})`;
}

/** Of the system, as `ECONNREFUSED`; of several addresses that of the first. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

import type { Connection, Submittable } from 'pg';
import type { DatabaseClient } from './database.ts';

const COPY_DATA = 0x64;
const COPY_OUT_RESPONSE = 0x48;
/** ParameterStatus and NoticeResponse may come at any time (PostgreSQL manual, "Asynchronous Operations"). */
const BY_THE_WAY = new Set([0x53, 0x4e]);
/** Signature, flags and length of the extension, in front of the first tuple (manual, COPY, "Binary Format"). */
const FILE_HEADER_BYTES = 19;
const NOTHING = Buffer.alloc(0);

/** Whoever is given tuples: bytes from `start` to `end`, which are only good during the call. The first two are the number of columns. */
export type TupleReader = (bytes: Uint8Array, view: DataView, start: number, end: number) => void;

/**
 * Runs `COPY (…) TO STDOUT (FORMAT binary)` and hands on its tuples where they lie in what the socket gave: no object and no
 * copy for each. The connection is read by this alone meanwhile.
 * @throws pg's DatabaseError, or the connection's error
 */
export async function readTuples(client: DatabaseClient, sql: string, onTuple: TupleReader): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.query(new CopyOut(sql, onTuple, resolve, reject));
  });
}

type DataHandler = (chunk: Buffer) => void;

class CopyOut implements Submittable {
  readonly #sql: string;
  readonly #onTuple: TupleReader;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  #trouble: unknown;
  #rest: Buffer = NOTHING;
  #isFirst = true;
  #detach: (left: Buffer) => void = () => {};

  constructor(sql: string, onTuple: TupleReader, resolve: () => void, reject: (error: unknown) => void) {
    this.#sql = sql;
    this.#onTuple = onTuple;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    const [handler] = stream.listeners('data');
    const own: DataHandler = (chunk) => this.#take(chunk);
    stream.removeAllListeners('data');
    stream.on('data', own);
    this.#detach = (left) => {
      stream.removeListener('data', own);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what pg listens with
      const theirs = handler as DataHandler;
      stream.on('data', theirs);
      theirs(left);
    };
    connection.query(this.#sql);
  }

  /** Whole messages; what is left of one waits. Any message of another kind is pg's, with all that follows. */
  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + 5 <= bytes.length) {
      const end = at + 1 + view.getInt32(at + 1);
      const kind = bytes[at] ?? 0;
      if (kind !== COPY_DATA && kind !== COPY_OUT_RESPONSE && !BY_THE_WAY.has(kind)) {
        this.#rest = NOTHING;
        this.#detach(bytes.subarray(at));
        return;
      }
      if (end > bytes.length) break;
      if (kind === COPY_DATA) this.#tuple(bytes, view, at + 5, end);
      at = end;
    }
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at);
  }

  #tuple(bytes: Buffer, view: DataView, at: number, end: number): void {
    const start = this.#isFirst ? at + FILE_HEADER_BYTES : at;
    this.#isFirst = false;
    // The trailer is a tuple of -1 columns.
    if (this.#trouble !== undefined || view.getInt16(start) < 0) return;
    try {
      this.#onTuple(bytes, view, start, end);
    } catch (error) {
      // The rest must be read all the same, or the connection is of no use.
      this.#trouble = error;
    }
  }

  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#trouble === undefined) this.#resolve();
    else this.#reject(this.#trouble);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleCloseComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

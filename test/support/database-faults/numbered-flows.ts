import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import type { DatabaseClient } from '../../../storage/database/database.ts';
import { longs, words } from '../flow-datagrams.ts';

const RECORDS_A_DATAGRAM = 25;
const TICK_MS = 10;
/** 10.0.0.0: the number of a record is counted from here. */
const FIRST_ADDRESS = 0x0a_00_00_00;

/** An exporter whose flows are numbered, at an even pace, with its own record of how many it sent. */
export class NumberedFlows {
  readonly recordsPerSecond: number;
  readonly #socket: Socket;
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #first: number;
  #sent: number;
  #isStopped = false;

  private constructor(socket: Socket, recordsPerSecond: number, first: number) {
    this.#socket = socket;
    this.recordsPerSecond = recordsPerSecond;
    this.#first = first;
    this.#sent = first;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @param first number: where an earlier one ended */
  static async start(port: number, recordsPerSecond: number, first = 0): Promise<NumberedFlows> {
    const socket = createSocket('udp4');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new NumberedFlows(socket, recordsPerSecond, first);
  }

  /** The number behind the last one that was sent: with those of earlier ones, records until now. */
  get sent(): number {
    return this.#sent;
  }

  /** @returns as `sent` */
  stop(): number {
    if (!this.#isStopped) this.#socket.close();
    this.#isStopped = true;
    clearInterval(this.#timer);
    return this.#sent;
  }

  /** Sends what is due by now: a late tick makes up for what it missed. */
  #tick(): void {
    const due = this.#first + ((performance.now() - this.#startedAt) / 1000) * this.recordsPerSecond;
    for (; this.#sent < due; this.#sent += RECORDS_A_DATAGRAM) this.#socket.send(netflow5(this.#sent));
  }
}

/** Octets of a record, so that one made of two is noticed. */
function octetsOf(number: number): number {
  return number * 3 + 7;
}

/** Cisco's "NetFlow Export Datagram Format": a header of 24 bytes, records of 48. */
function netflow5(first: number): Buffer {
  const records = Array.from({ length: RECORDS_A_DATAGRAM }, (_, index) => {
    const number = first + index;
    const head = longs(FIRST_ADDRESS + number, 0xc0_00_02_01, 0);
    const counts = longs(1, octetsOf(number), 99_000, 100_000);
    return Buffer.concat([head, words(1, 2), counts, words(1, 2), Buffer.from([0, 0, 17, 0]), words(0, 0, 0, 0)]);
  });
  const header = [words(5, RECORDS_A_DATAGRAM), longs(100_000, Math.floor(Date.now() / 1000), 0, first), words(0, 0)];
  return Buffer.concat([...header, ...records]);
}

/** How the stored flows differ from the records 0 … `sent` - 1, each once and whole: all zero when they do not. */
export async function differences(
  client: DatabaseClient,
  sent: number,
): Promise<{ missing: number; double: number; wrong: number }> {
  const { rows } = await client.query<{ missing: number; double: number; wrong: number }>(
    `WITH stored AS (
       SELECT (src_addr - inet '10.0.0.0')::int AS number, count(*) AS times,
              bool_and(bytes = (src_addr - inet '10.0.0.0') * 3 + 7) AS is_whole
       FROM flows GROUP BY 1)
     SELECT ($1::int - count(*) FILTER (WHERE number BETWEEN 0 AND $1::int - 1))::int AS missing,
            count(*) FILTER (WHERE times > 1)::int AS double,
            count(*) FILTER (WHERE NOT is_whole OR number NOT BETWEEN 0 AND $1::int - 1)::int AS wrong
     FROM stored`,
    [sent],
  );
  const [found] = rows;
  if (found === undefined) throw new Error('no answer');
  return found;
}

/** Flows that are stored by now. */
export async function storedFlows(client: DatabaseClient): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM flows');
  return Number(rows[0]?.count);
}

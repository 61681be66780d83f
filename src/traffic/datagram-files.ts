import { readFile, stat } from 'node:fs/promises';
import type { Datagram } from '../../collectors/datagram.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { type CaptureTally, createTally, readPcapFile } from './pcap.ts';

/** A file that is no capture is taken for the payload of one datagram, and has no tally. */
export interface ReadFile {
  readonly file: string;
  readonly tally: CaptureTally | undefined;
}

const LARGEST_PAYLOAD_BYTES = 65_535;
// Who sent a bare payload is not known: the address of documentation (RFC 5737), and the usual port.
const UNKNOWN_EXPORTER = '192.0.2.1';
const USUAL_PORT = 2055;

/**
 * The datagrams of captures and of files that hold one payload each; `-` is a capture on standard input. `read` is told
 * of each file before its first datagram.
 * @throws DogwatchError `FILE_UNREADABLE`, `NOT_A_CAPTURE`
 */
export async function* readDatagrams(
  files: readonly string[],
  read: (file: ReadFile) => void,
): AsyncGenerator<Datagram> {
  for (const file of files) {
    const path = file === '-' ? '/dev/stdin' : file;
    const tally = createTally();
    if (file !== '-' && (await isPayload(path))) {
      read({ file, tally: undefined });
      yield payloadOf(await readFile(path));
      continue;
    }
    read({ file, tally });
    for await (const captured of readPcapFile(path, tally)) {
      yield {
        bytes: captured.payload,
        sourceAddress: captured.sourceAddress,
        sourcePort: captured.sourcePort,
        localPort: captured.destinationPort,
        receivedAtMicros: captured.timeMicros,
      };
    }
  }
}

function payloadOf(bytes: Buffer): Datagram {
  return {
    bytes,
    sourceAddress: UNKNOWN_EXPORTER,
    sourcePort: USUAL_PORT,
    localPort: USUAL_PORT,
    receivedAtMicros: Date.now() * 1000,
  };
}

/** Small enough for one datagram, and no capture by its first bytes. */
async function isPayload(path: string): Promise<boolean> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw new DogwatchError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  });
  if (size === 0 || size > LARGEST_PAYLOAD_BYTES) return false;
  try {
    for await (const first of readPcapFile(path)) return first === undefined;
    return false;
  } catch (error) {
    if (error instanceof DogwatchError && error.code === 'NOT_A_CAPTURE') return true;
    throw error;
  }
}

/**
 * The npm package `node-netflowv9` (GPL-2.0) as an independent reader, in a process of its own. Takes one JSON array of
 * datagrams (base64) from its parent, and answers with what it decoded.
 */
import { createRequire } from 'node:module';

interface OracleFlow {
  readonly [name: string]: number | string;
}

export interface OracleDatagram {
  readonly header?: Readonly<Record<string, number>>;
  readonly flows?: readonly OracleFlow[];
}

interface Decoder {
  nfPktDecode(datagram: Buffer, sender: { address: string; port: number; size: number }): OracleDatagram | undefined;
}

const NetFlowV9: new (onFlows: () => void) => Decoder = createRequire(import.meta.url)('node-netflowv9');

process.once('message', (datagrams: readonly string[]) => {
  const decoder = new NetFlowV9(() => {});
  const decoded = datagrams.map((text) => {
    const bytes = Buffer.from(text, 'base64');
    const result = decoder.nfPktDecode(bytes, { address: '127.0.0.1', port: 1, size: bytes.length });
    return { header: result?.header, flows: result?.flows };
  });
  process.send?.(decoded, () => process.disconnect()); // not before it has left
});

/**
 * The baseline of the decoding benchmark: the npm package `node-netflowv9` (GPL-2.0), in a process of its own. Its parent sends
 * the datagrams, then a duration for each round; it answers with what it decoded.
 */
import { createRequire } from 'node:module';
import type { BaselineAnswer, BaselineQuestion } from './support/baseline.ts';

interface Decoded {
  readonly flows?: readonly Readonly<Record<string, number>>[];
}
interface Decoder {
  nfPktDecode(datagram: Buffer, sender: { address: string; port: number; size: number }): Decoded | undefined;
}

const require = createRequire(import.meta.url);
const NetFlowV9: new (onFlows: () => void) => Decoder = require('node-netflowv9');
const decoder = new NetFlowV9(() => {});
let datagrams: { bytes: Buffer; sender: { address: string; port: number; size: number } }[] = [];

process.on('message', (question: BaselineQuestion) => answer(take(question)));
process.on('disconnect', () => process.exit());

function take(question: BaselineQuestion): BaselineAnswer {
  if (question.kind === 'round') return decodeFor(question.seconds);
  datagrams = question.datagrams.map(({ base64, port }) => {
    const bytes = Buffer.from(base64, 'base64');
    return { bytes, sender: { address: '127.0.0.1', port, size: bytes.length } };
  });
  return decodeOnce();
}

/** All of them once, adding up what they say, so that the parent can see that the baseline really decodes. */
function decodeOnce(): BaselineAnswer {
  const startedAt = performance.now();
  const answer = { records: 0, octets: 0, seconds: 0 };
  for (const { bytes, sender } of datagrams) {
    for (const flow of decoder.nfPktDecode(bytes, sender)?.flows ?? []) {
      answer.records += 1;
      answer.octets += flow['in_bytes'] ?? 0;
    }
  }
  return { ...answer, seconds: (performance.now() - startedAt) / 1000 };
}

function decodeFor(seconds: number): BaselineAnswer {
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  let records = 0;
  while (performance.now() < end) {
    for (const { bytes, sender } of datagrams) records += decoder.nfPktDecode(bytes, sender)?.flows?.length ?? 0;
  }
  return { records, octets: 0, seconds: (performance.now() - startedAt) / 1000 };
}

function answer(message: BaselineAnswer): void {
  process.send?.(message);
}

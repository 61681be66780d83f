/**
 * Sends numbered datagrams at an even pace from one socket that stays open, until it is told to stop, and keeps when it sent each: doubles
 * (milliseconds since the Unix epoch, little-endian), the first one of datagram 1.
 *
 *   node exporter-program.ts '{"kind":"netflow9", …}'
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { paceEvenly } from '../../../../src/traffic/even-pace.ts';
import type { ExporterSettings, ExporterSummary } from './exporter.ts';
import { answeredNumber } from './inform.ts';
import { numberedDatagrams } from './numbered-datagrams.ts';

const settings: ExporterSettings = JSON.parse(process.argv[2] ?? '{}');
const { kind, domain, target, port, perSecond, recordFile } = settings;
const FLUSH_MS = 100;
/** Informs: as snmpinform does, but more patient. */
const RETRY_MS = 1000;
const RETRIES = 30;

const datagrams = numberedDatagrams(kind, domain);
const socket = createSocket(isIPv6(target) ? 'udp6' : 'udp4');
const record = openSync(recordFile, 'w');
const stop = new AbortController();
const errors: Record<string, number> = {};
const unanswered = new Map<number, { bytes: Buffer; triesLeft: number; dueMs: number }>();
let sent = 0;
let answered = 0;
let unsaved: number[] = [];

process.on('message', () => stop.abort());
process.on('disconnect', () => stop.abort());
process.on('SIGTERM', () => stop.abort());
socket.on('message', (bytes) => {
  const number = answeredNumber(bytes);
  if (number !== undefined && unanswered.delete(number)) answered += 1;
});

socket.bind(settings.sourcePort ?? 0);
await once(socket, 'listening');
socket.setSendBufferSize(1 << 20);
const saving = setInterval(save, FLUSH_MS);
const retrying = setInterval(retry, FLUSH_MS);
if (datagrams.templates !== undefined) send(datagrams.templates);
process.send?.('sending');
await paceEvenly({ perSecond, durationMs: Number.MAX_SAFE_INTEGER, signal: stop.signal, burst: 8 }, sendNext);
while (unanswered.size > 0) await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
clearInterval(saving);
clearInterval(retrying);
save();
closeSync(record);
socket.close();
const summary: ExporterSummary = { sent, answered, errors };
process.send?.(summary, () => process.exit());

function sendNext(): number {
  sent += 1;
  const nowMs = performance.timeOrigin + performance.now();
  const bytes = datagrams.make(sent, nowMs);
  if (kind === 'inform') unanswered.set(sent, { bytes, triesLeft: RETRIES, dueMs: nowMs + RETRY_MS });
  unsaved.push(nowMs);
  send(bytes);
  return 1;
}

function send(bytes: Buffer): void {
  socket.send(bytes, port, target, (error) => {
    if (error === null || error === undefined) return;
    const code = 'code' in error ? String(error.code) : error.message;
    errors[code] = (errors[code] ?? 0) + 1;
  });
}

function retry(): void {
  const nowMs = performance.timeOrigin + performance.now();
  for (const [number, each] of unanswered) {
    if (each.dueMs > nowMs) break; // in the order of their numbers, and so of their times
    unanswered.delete(number);
    if (each.triesLeft === 0) continue;
    unanswered.set(number, { ...each, triesLeft: each.triesLeft - 1, dueMs: nowMs + RETRY_MS });
    send(each.bytes);
  }
}

function save(): void {
  writeSync(record, new Uint8Array(Float64Array.from(unsaved).buffer));
  unsaved = [];
}

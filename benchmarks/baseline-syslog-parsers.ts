/**
 * The baselines of the syslog benchmark: the npm packages `nsyslog-parser` and `syslog-parse`, in a process of their own. Its parent
 * sends messages, then a duration for each round; it answers with what was read, or how many there were.
 */
import { createRequire } from 'node:module';
import syslogParse from 'syslog-parse';
import type { ParserAnswer, ParserName, ParserQuestion, ReadMessage } from './support/parser-baseline.ts';

interface Parsed {
  readonly prival?: number;
  readonly ts?: unknown;
  readonly host?: string;
  readonly message?: string;
}

const require = createRequire(import.meta.url);
const nsyslogParse: (text: string) => Parsed = require('nsyslog-parser');

/** Both take strings, so that the bytes of a message are decoded first, as whoever receives them has to. */
const parsers: Record<ParserName, (bytes: Buffer) => unknown> = {
  'nsyslog-parser': (bytes) => nsyslogParse(bytes.toString()),
  'syslog-parse': (bytes) => syslogParse(bytes.toString()),
};

const readers: Record<ParserName, (bytes: Buffer) => ReadMessage | null> = {
  'nsyslog-parser': (bytes) => {
    const { prival, ts, host, message } = nsyslogParse(bytes.toString());
    return { priority: prival, hasTime: !Number.isNaN(new Date(String(ts)).getTime()), host, text: message };
  },
  'syslog-parse': (bytes) => {
    const parsed = syslogParse(bytes.toString());
    if (parsed === undefined) return null;
    const { priority, time, host, message } = parsed;
    return { priority, hasTime: !Number.isNaN(time.getTime()), host, text: message };
  },
};

let messages: Buffer[] = [];

process.on('message', (question: ParserQuestion) => process.send?.(take(question)));
process.on('disconnect', () => process.exit());

function take(question: ParserQuestion): ParserAnswer {
  if (question.kind === 'round') return parseFor(parsers[question.parser], question.seconds);
  messages = question.messages.map((base64) => Buffer.from(base64, 'base64'));
  const read = question.parser === undefined ? [] : messages.map(reading(readers[question.parser]));
  return { kind: 'read', read };
}

/** A parser that throws has not understood. */
function reading(read: (bytes: Buffer) => ReadMessage | null): (bytes: Buffer) => ReadMessage | null {
  return (bytes) => {
    try {
      return read(bytes);
    } catch {
      return null;
    }
  };
}

/** Spends so much processor time. */
function parseFor(parse: (bytes: Buffer) => unknown, seconds: number): ParserAnswer {
  const usedBefore = process.cpuUsage();
  let count = 0;
  for (;;) {
    for (const bytes of messages) parse(bytes);
    count += messages.length;
    const { user, system } = process.cpuUsage(usedBefore);
    if (user + system >= seconds * 1e6) return { kind: 'round', messages: count, cpuSeconds: (user + system) / 1e6 };
  }
}

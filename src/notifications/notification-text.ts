import type { PairEvent } from '../pair/events/pair-event.ts';
import { answerLine, type Notification } from './channel.ts';

/** A node of the pair as it said of itself last. */
export interface NodeNow {
  readonly node: string;
  readonly role: string;
  readonly version: string;
  readonly saidSecondsAgo: number;
  /** Why it is what it is, a sentence. */
  readonly reason: string;
  /** What keeps it from taking over; empty: nothing. */
  readonly lacks: readonly string[];
}

const MAX_SUBJECT = 150;
const MAX_LISTED = 200;
const MAX_VALUE = 500;

/** What to do, by kind, where the event does not say so itself. */
const REMEDIES: Readonly<Record<string, string>> = {
  takeover: 'Find out what became of the other node; until it is ready again nobody could take over. dogwatch status',
  switchover: 'Nothing, if this was meant.',
  role: 'dogwatch status says why.',
  vote: 'dogwatch status shows the votes; the other one holds the role meanwhile.',
  readiness: 'dogwatch status on either node shows what is missing, and what to do about it.',
  gap: 'dogwatch loss shows whose it was.',
  address: 'dogwatch status shows who holds the virtual IP.',
  settings: 'Nothing, if this was meant. dogwatch config rollback takes a change back.',
  'alarm-over': 'Nothing.',
};

/** One event, told by itself. @param nodes empty on a node that is alone */
export function notificationOf(event: PairEvent, pair: string, nodes: readonly NodeNow[]): Notification {
  const remedy = remedyOf(event);
  const lines = [
    event.summary,
    '',
    ...table([
      ['When', event.at],
      ['Node', `${event.node}${nodes.length === 0 ? '' : `, pair ${pair}, epoch ${event.epoch}`}`],
      ['What', event.kind],
      ...detailRows(event),
      ['To do', remedy],
    ]),
    ...pairLines(nodes),
  ];
  const subject = `[dogwatch] ${event.node} ${event.kind}: ${event.summary}`;
  const { uid, at, node, epoch, kind, summary, details } = event;
  return {
    uid,
    subject: shortened(answerLine(subject), MAX_SUBJECT),
    text: textOf(lines),
    body: { uid, at, pair, node, epoch, kind, summary, details, remedy, text: `${node}: ${summary}` },
  };
}

/** Several, that a quiet time held back. @param events at least one, in their order */
export function summaryOf(events: readonly PairEvent[], pair: string, nodes: readonly NodeNow[]): Notification {
  const uid = `${events[0]?.uid ?? ''}.summary`;
  const shown = events.slice(0, MAX_LISTED);
  const left = events.length - shown.length;
  const lines = [
    `${events.length} events of the quiet time:`,
    '',
    ...shown.map(({ at, kind, summary }) => `${at}  ${kind}: ${answerLine(summary)}`),
    ...(left === 0 ? [] : [`… and ${left} more: dogwatch events`]),
    ...pairLines(nodes),
  ];
  const subject = `[dogwatch] ${pair}: ${events.length} events of the quiet time`;
  const listed = shown.map((event) => ({ ...event, remedy: remedyOf(event) }));
  return {
    uid,
    subject,
    text: textOf(lines),
    body: { uid, pair, kind: 'summary', summary: subject, events: listed, text: textOf(lines) },
  };
}

/** To see whether a channel works. */
export function testNotification(uid: string, node: string, pair: string, at: string): Notification {
  const summary = `a test by dogwatch notify --test on ${node}`;
  const event = { uid, at, node, epoch: 0, kind: 'test', summary, details: {} };
  return {
    uid,
    subject: `[dogwatch] ${node} test: notifications reach you`,
    text: textOf([
      `This is ${summary}.`,
      '',
      `When  ${at}`,
      '',
      'Nothing to do: notifications of this collector reach you.',
    ]),
    body: { ...event, pair, remedy: 'Nothing.', text: `${node}: ${summary}` },
  };
}

function remedyOf({ kind, details }: PairEvent): string {
  const own = details['remedy'];
  return typeof own === 'string' && own !== '' ? own : (REMEDIES[kind] ?? 'dogwatch status says more.');
}

function detailRows({ details }: PairEvent): [string, string][] {
  return Object.entries(details).flatMap(([name, value]): [string, string][] =>
    name === 'remedy' || value === undefined || value === null
      ? []
      : [[name, shortened(answerLine(typeof value === 'string' ? value : JSON.stringify(value)), MAX_VALUE)]],
  );
}

function pairLines(nodes: readonly NodeNow[]): string[] {
  if (nodes.length === 0) return [];
  const lines = nodes.flatMap(({ node, role, version, saidSecondsAgo, reason, lacks }) => [
    `  ${node}: ${role}, version ${version}, as it said ${saidSecondsAgo} s ago`,
    `    ${answerLine(reason)}`,
    ...(role === 'active'
      ? []
      : [lacks.length === 0 ? '    ready to take over' : `    not ready: ${answerLine(lacks.join('; '))}`]),
  ]);
  return ['', 'The pair now:', ...lines];
}

function table(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

import type { CollectorStatus } from '../../console/status.ts';
import type { StopSignal } from './stop-signals.ts';
import { bytesText, grouped } from '../terminal/figures.ts';
import { LiveLine, type TerminalStream } from '../terminal/live-line.ts';
import { readableLogLine } from '../terminal/log-line.ts';
import { statusLine, type StatusRates } from '../terminal/status-line.ts';
import { welcomeText } from './welcome.ts';

/** What became of the accepted rows when the collector stopped. */
interface DrainReport {
  readonly seconds: number;
  /** Whether everything stopped in time. */
  readonly inTime: boolean;
  /** Written between the signal and the end. */
  readonly writtenRows: number;
  /** The totals at the end. */
  readonly status: CollectorStatus;
}

/** How `run` speaks: to a person at a terminal, into a file, or to a script. */
export interface RunScreen {
  /** Milliseconds between two calls of `sample`. */
  readonly intervalMs: number;
  /** Takes the lines of the log. */
  log(line: string): void;
  started(status: CollectorStatus): void;
  sample(status: CollectorStatus, rates: StatusRates): void;
  stopping(signal: StopSignal): void;
  stopped(report: DrainReport): void;
}

interface Streams {
  readonly out: TerminalStream & { readonly isTTY?: boolean };
  readonly err: TerminalStream & { readonly isTTY?: boolean };
}

/** The screen for these streams: JSON when asked for, a live line at a terminal, else a line every 10 s. */
export function chooseScreen(streams: Streams, json: boolean, httpUrl: string): RunScreen {
  if (json) return jsonScreen(streams);
  return streams.out.isTTY === true ? liveScreen(streams, httpUrl) : plainScreen(streams, httpUrl);
}

function liveScreen({ out, err }: Streams, httpUrl: string): RunScreen {
  const live = new LiveLine(out);
  return {
    intervalMs: 1000,
    log(line) {
      if (err.isTTY === true) live.above(() => err.write(readableLogLine(line)));
      else err.write(line);
    },
    started: (status) => out.write(`${welcomeText(status, httpUrl)}\n`),
    sample: (status, rates) => live.show(statusLine(status, rates, live.width())),
    stopping(signal) {
      live.end();
      out.write(`${stoppingText(signal)}\n`);
    },
    stopped: (report) => out.write(drainText(report)),
  };
}

function plainScreen({ out, err }: Streams, httpUrl: string): RunScreen {
  return {
    intervalMs: 10_000,
    log: (line) => err.write(err.isTTY === true ? readableLogLine(line) : line),
    started: (status) => out.write(`${welcomeText(status, httpUrl)}\n`),
    sample: (status, rates) => out.write(`${new Date().toISOString()}  ${statusLine(status, rates, Infinity)}\n`),
    stopping: (signal) => out.write(`${stoppingText(signal)}\n`),
    stopped: (report) => out.write(drainText(report)),
  };
}

function jsonScreen({ out, err }: Streams): RunScreen {
  const say = (event: string, fields: object) =>
    out.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
  return {
    intervalMs: 10_000,
    log: (line) => err.write(line),
    started: (status) => say('started', { status }),
    sample: (status, rates) => say('status', { rates, status }),
    stopping: (signal) => say('stopping', { signal }),
    stopped: (report) => say('stopped', { ...report }),
  };
}

function stoppingText(signal: StopSignal): string {
  const again = signal === 'SIGINT' ? ' (Ctrl-C again: at once)' : '';
  return `Stopping: writing what was accepted${again} …`;
}

function drainText({ seconds, inTime, writtenRows, status }: DrainReport): string {
  const { journal, flow, syslog, snmp } = status;
  const records = flow.records + syslog.messages + snmp.traps + snmp.informs;
  const rest =
    journal.batches === 0
      ? 'nothing is left in the journal'
      : `${grouped(journal.batches)} batches (${grouped(journal.rows)} rows, ${bytesText(journal.bytes)}) stay in the journal and are written at the next start`;
  const how = inTime ? 'Stopped' : 'Not everything stopped in time, given up';
  const drained = writtenRows > 0 ? `drained ${grouped(writtenRows)} rows into the database` : 'nothing was waiting';
  return `${how} after ${seconds.toFixed(1)} s: ${drained}, ${rest}. ${grouped(records)} records were received.\n`;
}

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Host } from '../host.ts';
import type { Kind } from './numbered-datagrams.ts';

export interface ExporterSettings {
  readonly kind: Kind;
  /** Tells senders of one machine apart; up to 65,535. */
  readonly domain: number;
  readonly target: string;
  readonly port: number;
  readonly perSecond: number;
  readonly recordFile: string;
  /** Default: the system chooses. */
  readonly sourcePort?: number;
}

export interface ExporterSummary {
  readonly sent: number;
  /** Of informs. */
  readonly answered: number;
  /** What the kernel said against sending, by its code. */
  readonly errors: Readonly<Record<string, number>>;
}

const PROGRAM = fileURLToPath(new URL('exporter-program.ts', import.meta.url));

/** A sender of numbered datagrams on a machine of the lab. */
export class NumberedExporter {
  readonly host: Host;
  readonly settings: ExporterSettings;
  readonly #child: ChildProcess;

  private constructor(host: Host, settings: ExporterSettings, child: ChildProcess) {
    this.host = host;
    this.settings = settings;
    this.#child = child;
  }

  /** Resolves when it has begun. */
  static async start(host: Host, settings: ExporterSettings): Promise<NumberedExporter> {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    const child = host.start(process.execPath, [PROGRAM, JSON.stringify(settings)], { stdio: [...stdio] });
    await once(child, 'message');
    return new NumberedExporter(host, settings, child);
  }

  /** Resolves when it has sent its last datagram; informs: when all are answered, or given up. */
  async stop(): Promise<ExporterSummary> {
    this.#child.send('stop');
    const [summary]: ExporterSummary[] = await once(this.#child, 'message');
    if (summary === undefined) throw new Error('the exporter said nothing');
    return summary;
  }

  /** When each was sent, milliseconds since the Unix epoch; number 1 is at 0. */
  async sendTimes(): Promise<Float64Array> {
    const bytes = await readFile(this.settings.recordFile);
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~7)));
  }
}

import { createReadStream } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineIdOf } from '../../src/traffic/snmp/envelope/engines.ts';
import { isolateNetSnmp } from '../../test/support/net-snmp-tools.ts';
import { skipWithout } from '../../test/support/packages.ts';
import { eventually, startTool, type Tool } from '../../test/support/processes.ts';
import { BENCH_USER, type BenchVersion, DEVICES } from './snmp-load.ts';
import { freeUdpPort, udpSocketState } from './udp-socket.ts';

export interface SnmptrapdOptions {
  readonly folder: string;
  readonly version: BenchVersion;
  /** `file`: a line a trap, with all varbinds. `none`: received, decoded, and forgotten. */
  readonly output: 'file' | 'none';
}

/** Of both receivers: more than half a second of what is sent to them. */
export const RECEIVE_BUFFER_MIB = 32;
const MARK = 'TRAP|';
// A thousand users, each with a key made of a pass phrase.
const START_LIMIT_MS = 120_000;
const QUIET_LIMIT_MS = 60_000;

/** What is missing for `Snmptrapd`, in a sentence; false when all is there. */
export function snmptrapdLacks(): string | false {
  return skipWithout('snmptrapd');
}

/**
 * A real snmptrapd at its best: no MIBs to look anything up in, numbers as they are, no handlers, no rules on who may do what, and
 * a receive buffer as large as the collector's. Of v3 it wants every engine named beforehand.
 */
export class Snmptrapd {
  readonly port: number;
  readonly #tool: Tool;
  readonly #log: string;
  readonly #output: SnmptrapdOptions['output'];

  private constructor(port: number, tool: Tool, log: string, output: SnmptrapdOptions['output']) {
    this.port = port;
    this.#tool = tool;
    this.#log = log;
    this.#output = output;
  }

  static async start({ folder, version, output }: SnmptrapdOptions): Promise<Snmptrapd> {
    const own = await mkdtemp(join(folder, 'snmptrapd-'));
    isolateNetSnmp(own);
    const file = join(own, 'snmptrapd.conf');
    await writeFile(file, configuration(version, output));
    const port = await freeUdpPort();
    const log = join(own, 'traps.log');
    const tool = startTool('snmptrapd', ['-f', '-C', '-c', file, '-Lf', log, `udp:127.0.0.1:${port}`], own);
    await eventually(
      'snmptrapd listens',
      async () => {
        if (tool.child.exitCode !== null) throw new Error(`snmptrapd ended:\n${tool.output()}`);
        return (await udpSocketState(port)) !== undefined;
      },
      START_LIMIT_MS,
    );
    return new Snmptrapd(port, tool, log, output);
  }

  /** Until it has read everything. @returns what the kernel dropped at its socket since the start */
  async settle(): Promise<number> {
    let drops = 0;
    await eventually(
      'snmptrapd has read its socket',
      async () => {
        const state = await udpSocketState(this.port);
        drops = state?.drops ?? drops;
        return state?.queuedBytes === 0;
      },
      QUIET_LIMIT_MS,
    );
    return drops;
  }

  /** Ends it. @returns the traps that it wrote; undefined without output */
  async stop(): Promise<number | undefined> {
    this.#tool.child.kill('SIGTERM');
    const limit = setTimeout(() => this.#tool.child.kill('SIGKILL'), 10_000);
    await this.#tool.exited;
    clearTimeout(limit);
    return this.#output === 'none' ? undefined : countMarks(this.#log);
  }
}

function configuration(version: BenchVersion, output: SnmptrapdOptions['output']): string {
  const { name, auth, privacy } = BENCH_USER;
  const secrets = `"${name}" ${auth.protocol} "${auth.password}" ${privacy.protocol} "${privacy.password}"`;
  const users = Array.from(
    { length: version === 'v3' ? DEVICES.v3 : 0 },
    (_, index) => `createUser -e 0x${engineIdOf(index).toString('hex')} ${secrets}`,
  );
  return [
    'disableAuthorization yes',
    'outputOption nexUb',
    `[snmp] serverRecvBuf ${RECEIVE_BUFFER_MIB << 20}`,
    output === 'none' ? 'doNotLogTraps yes' : String.raw`format2 ${MARK}%v\n`,
    ...users,
    '',
  ].join('\n');
}

/** Lines that begin with the mark. */
async function countMarks(file: string): Promise<number> {
  let found = 0;
  let rest = '\n';
  for await (const chunk of createReadStream(file, 'latin1')) {
    const text = rest + String(chunk);
    found += text.split(`\n${MARK}`).length - 1;
    rest = text.slice(-MARK.length);
  }
  return found;
}

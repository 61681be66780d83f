import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTool, type Tool } from './processes.ts';

/** net-snmp's agent with a configuration of a test's own, on a port of the loopback that was free. */
export class Snmpd {
  readonly port: number;
  readonly #folder: string;
  #tool: Tool | undefined;

  constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** Starts it, or anew with another configuration; on each of `addresses`. */
  async run(configuration: readonly string[], addresses: readonly string[] = ['127.0.0.1']): Promise<void> {
    await this.stop();
    const file = join(this.#folder, 'snmpd.conf');
    await writeFile(file, [...configuration, ''].join('\n'));
    const listeners = addresses.map((address) => `udp:${address}:${this.port}`);
    this.#tool = startTool('snmpd', ['-f', '-C', '-c', file, '-Lo', ...listeners], this.#folder);
    await this.#tool.says(/^NET-SNMP version/m);
  }

  async stop(): Promise<void> {
    this.#tool?.child.kill();
    await this.#tool?.exited;
    this.#tool = undefined;
  }
}

/** @param folder of the test's own; the agent keeps its keys there and reads no settings of this machine */
export async function snmpdIn(folder: string): Promise<Snmpd> {
  const own = join(folder, 'snmpd');
  await mkdir(own);
  process.env['SNMP_PERSISTENT_DIR'] = own;
  process.env['SNMPCONFPATH'] = own;
  process.env['MIBS'] = '';
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return new Snmpd(port, own);
}

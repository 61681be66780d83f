import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AddressStatus } from '../../../ha/virtual-ip/linux/linux-address.ts';
import type { Probe } from '../../../ha/role/ports.ts';
import type { Host } from '../../scenarios/lab/host.ts';

export interface HolderRequest {
  readonly id: number;
  readonly call: 'hold' | 'announce' | 'release' | 'linger' | 'probe' | 'mac' | 'status' | 'change';
  /** `change`: the length of the prefix. */
  readonly spanMs: number;
}

export interface HolderAnswer {
  readonly id: number;
  /** JSON. */
  readonly value?: string | undefined;
  readonly error?: string;
}

export const VIRTUAL_IP = '10.77.0.100';
export const VIRTUAL_IP6 = 'fd77::100';

const PROGRAM = fileURLToPath(new URL('programs/holder.ts', import.meta.url));

/** The driver on a machine of the lab. */
export class Holder {
  readonly #child: ChildProcess;
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(
    host: Host,
    neighbours: readonly string[] = [],
    peerMacs: readonly string[] = [],
  ): Promise<Holder> {
    const addresses = `${VIRTUAL_IP}/24,${VIRTUAL_IP6}/64`;
    const parameters = [PROGRAM, host.interface, addresses, neighbours.join(','), peerMacs.join(',')];
    const child = host.start(process.execPath, parameters, { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
    const holder = new Holder(child);
    await holder.call<string>('mac');
    return holder;
  }

  hold(spanMs: number): Promise<void> {
    return this.call('hold', spanMs);
  }

  announce(): Promise<void> {
    return this.call('announce');
  }

  release(): Promise<void> {
    return this.call('release');
  }

  linger(spanMs: number): Promise<void> {
    return this.call('linger', spanMs);
  }

  probe(withinMs: number): Promise<Probe> {
    return this.call('probe', withinMs);
  }

  status(): Promise<AddressStatus> {
    return this.call('status');
  }

  /** At once, as a power cut ends it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async call<T>(call: HolderRequest['call'], spanMs = 0): Promise<T> {
    this.#calls += 1;
    const id = this.#calls;
    const request: HolderRequest = { id, call, spanMs };
    this.#child.send(request);
    for (;;) {
      const [answer]: HolderAnswer[] = await once(this.#child, 'message');
      if (answer?.id !== id) continue;
      if (answer.error !== undefined) throw new Error(answer.error);
      const value: T = JSON.parse(answer.value ?? 'null');
      return value;
    }
  }
}

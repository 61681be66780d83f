import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './host.ts';
import { type Lab, VIRTUAL_IP, VIRTUAL_IP6 } from './lab.ts';
import type { NodeProcess } from './node-process.ts';

export interface PairOptions {
  /** Of `ha:`, in place of the defaults. */
  readonly ha?: Readonly<Record<string, unknown>>;
  /** Where each reaches the other, in place of its own address: a relay's. */
  readonly peerAddress?: string;
  /** More of the configuration, the same on both nodes. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** More of the configuration of single nodes, by name. */
  readonly ownSettings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** More of `journal:`. */
  readonly journal?: Readonly<Record<string, unknown>>;
  /** Of single nodes besides ours, by name: such as another clock. */
  readonly environment?: Readonly<Record<string, NodeJS.ProcessEnv>>;
  /** Folders with another program than ours, of single nodes, by name. */
  readonly programs?: Readonly<Record<string, string>>;
  /** One folder for the journals of both, as on a shared file system. Default: true. */
  readonly sharesJournal?: boolean;
}

/** The pair on the lab's two nodes, not started yet, with a secret of its own. */
export async function pairOf(lab: Lab, options: PairOptions = {}): Promise<{ a: NodeProcess; b: NodeProcess }> {
  const secretFile = join(lab.folder, 'secret');
  await writeFile(secretFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const directory = join(lab.folder, 'journals');
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o777); // the nodes give up root
  const node = (host: Host, peer: Host) =>
    lab.node(
      host,
      {
        ha: {
          address: host.address,
          peer: { name: peer.name, address: options.peerAddress ?? peer.address },
          secretFile,
          interface: host.interface,
          virtualAddresses: [`${VIRTUAL_IP}/24`, `${VIRTUAL_IP6}/64`],
          ...options.ha,
        },
        journal: { ...(options.sharesJournal === false ? {} : { directory }), ...options.journal },
        ...options.settings,
        ...options.ownSettings?.[host.name],
      },
      options.environment?.[host.name],
      options.programs?.[host.name],
    );
  return { a: node(lab.a, lab.b), b: node(lab.b, lab.a) };
}

/** Which of the two machines has the virtual IP; undefined where none or both have. */
export async function holderOf(lab: Lab, address = VIRTUAL_IP): Promise<Host | undefined> {
  const [byA, byB] = await Promise.all([lab.a.carries(address), lab.b.carries(address)]);
  if (byA === byB) return undefined;
  return byA ? lab.a : lab.b;
}

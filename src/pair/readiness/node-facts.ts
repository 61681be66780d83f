import { access, constants } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import { namedFiles } from '../../config/named-files.ts';
import type { Config } from '../../config/schema.ts';
import { messageOf } from '../../runtime/errors.ts';

/**
 * Ports of the configuration's listeners that another program has on this machine; only asked while this node does not listen itself.
 * They are tried on the wildcard address for a moment, since the virtual IP is not here.
 */
export async function takenPorts({ listeners }: Config): Promise<string[]> {
  const taken: string[] = [];
  for (const { transport, port, address } of listeners) {
    if (port === 0) continue;
    const wildcard = isIPv6(address) ? '::' : '0.0.0.0';
    const isFree = transport === 'udp' ? await canBindUdp(wildcard, port) : await canBindTcp(wildcard, port);
    if (!isFree) taken.push(`${transport === 'udp' ? 'UDP' : 'TCP'} ${port}`);
  }
  return [...new Set(taken)];
}

/** Files that the configuration names, and that this process cannot read. */
export async function unreadableFiles(config: Config): Promise<string[]> {
  const files = namedFiles(config).map(({ path }) => path);
  const found = await Promise.all(files.map(async (file) => ((await isReadable(file)) ? undefined : file)));
  return found.filter((file) => file !== undefined);
}

/** Why this process cannot write into a folder; undefined: it can. */
export async function folderTrouble(folder: string): Promise<string | undefined> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
}

async function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function canBindUdp(address: string, port: number): Promise<boolean> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', ipv6Only: isIPv6(address) });
  try {
    const bound = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await bound;
    return true;
  } catch (error) {
    return !isTaken(error);
  } finally {
    socket.close();
  }
}

async function canBindTcp(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    const bound = once(server, 'listening');
    server.listen({ host, port, exclusive: true, ipv6Only: isIPv6(host) });
    await bound;
    return true;
  } catch (error) {
    return !isTaken(error);
  } finally {
    server.close();
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

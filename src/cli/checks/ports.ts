import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, isIPv6 } from 'node:net';
import { messageOf } from '../../runtime/errors.ts';
import { raiseReceiveBuffer, RMEM_MAX_FILE } from '../receive-buffer.ts';
import { bytesText } from '../terminal/figures.ts';
import type { Check, CheckContext, CheckResult } from './check-result.ts';

/** Whether every listener can be bound with the receive buffer that it wants, and the HTTP port. */
export const checkPorts: Check = async (context) => {
  const { listeners, http } = context.config;
  const sockets = listeners.map(({ transport, address, port }) =>
    transport === 'udp' ? checkUdp(address, port, context) : checkTcp(address, port, context),
  );
  return [
    ...(await Promise.all(sockets)),
    await checkTcp(http.address, http.port, context),
    await checkReceiveBuffer(context),
  ];
};

async function checkUdp(address: string, port: number, { running }: CheckContext): Promise<CheckResult> {
  const name = `UDP ${address} port ${port}`;
  if (running?.listeners.some((listener) => listener.port === port) === true) return takenByOurs(name, running.pid);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    const bound = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await bound;
    return { name, state: 'ok', found: 'free' };
  } catch (error) {
    return bindTrouble(name, address, error);
  } finally {
    socket.close();
  }
}

async function checkTcp(address: string, port: number, { running }: CheckContext): Promise<CheckResult> {
  const name = `TCP ${address} port ${port}`;
  if (running !== undefined) return takenByOurs(name, running.pid);
  const server = createServer();
  try {
    const bound = once(server, 'listening');
    server.listen({ host: address, port, exclusive: true });
    await bound;
    return { name, state: 'ok', found: 'free' };
  } catch (error) {
    return bindTrouble(name, address, error);
  } finally {
    server.close();
  }
}

function takenByOurs(name: string, pid: number): CheckResult {
  return { name, state: 'ok', found: `used by the running collector, process ${pid}` };
}

function bindTrouble(name: string, address: string, error: unknown): CheckResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [found, remedy] = REASONS[code] ?? [messageOf(error), 'Choose another address or port.'];
  if (code === 'EAFNOSUPPORT' && address === '::')
    return { name, state: 'warn', found: `${found}; 0.0.0.0 is used instead` };
  return { name, state: 'fail', found, remedy };
}

const REASONS: Readonly<Record<string, readonly [found: string, remedy: string]>> = {
  EADDRINUSE: ['taken by another program', 'Find it with "ss -lunpt", or choose another port.'],
  EACCES: [
    'ports of this range need a privilege',
    'Choose a port above 1023, or: sudo sysctl -w net.ipv4.ip_unprivileged_port_start=0',
  ],
  EADDRNOTAVAIL: ['not an address of this machine', 'List them with "ip address", or use "::" for all of them.'],
  EAFNOSUPPORT: ['this machine has no IPv6', 'Use 0.0.0.0 or an IPv4 address.'],
};

/** Asks the kernel for the largest receive buffer that any listener wants, and looks at what it gives. */
async function checkReceiveBuffer({ config }: CheckContext): Promise<CheckResult> {
  const name = 'receive buffer';
  const wanted = Math.max(0, ...config.listeners.map((each) => (each.transport === 'udp' ? each.receiveBuffer : 0)));
  const granted = await grantedReceiveBuffer(wanted);
  const limit = await readFile(RMEM_MAX_FILE, 'utf8').then(
    (text) => `, net.core.rmem_max is ${text.trim()}`,
    () => '',
  );
  if (granted >= wanted) return { name, state: 'ok', found: `${bytesText(wanted)} granted` };
  return {
    name,
    state: 'warn',
    found: `${bytesText(granted)} granted of the wanted ${bytesText(wanted)}${limit}: bursts will be lost sooner`,
    remedy: raiseReceiveBuffer(wanted),
  };
}

async function grantedReceiveBuffer(wanted: number): Promise<number> {
  const socket = createSocket('udp4');
  try {
    const bound = once(socket, 'listening');
    socket.bind({ address: '127.0.0.1', port: 0 });
    await bound;
    socket.setRecvBufferSize(wanted);
    // Linux reports twice what it grants: the other half is for its own bookkeeping (socket(7)).
    return socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1);
  } finally {
    socket.close();
  }
}

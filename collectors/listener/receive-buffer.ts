import type { Socket } from 'node:dgram';

import type { Log } from '../../src/runtime/log.ts';

/** Asks the kernel for a receive buffer, and says so where it grants less. @returns bytes, for payload and bookkeeping */
export function sizeReceiveBuffer(socket: Socket, wantedBytes: number, log: Log): number {
  socket.setRecvBufferSize(wantedBytes);
  const grantedBytes = grantedReceiveBuffer(socket);
  if (grantedBytes < wantedBytes) {
    const remedy = `sysctl -w net.core.rmem_max=${wantedBytes}`;
    log.warn({ grantedBytes, wantedBytes, remedy }, 'the kernel grants a smaller receive buffer than configured');
  }
  return grantedBytes;
}

/** Linux doubles what was asked, to account for its own bookkeeping (socket(7)), and caps it at net.core.rmem_max. */
export function grantedReceiveBuffer(socket: Socket): number {
  const granted = socket.getRecvBufferSize();
  return process.platform === 'linux' ? granted / 2 : granted;
}

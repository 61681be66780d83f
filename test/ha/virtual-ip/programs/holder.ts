/** A `LinuxAddress` in a process and a network namespace of its own, driven over IPC. */
import { parseInterfaceAddress } from '../../../../ha/virtual-ip/interface-address.ts';
import { LinuxAddress } from '../../../../ha/virtual-ip/linux/linux-address.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { createLog } from '../../../../src/runtime/log.ts';
import type { HolderAnswer, HolderRequest } from '../holder.ts';

const [interfaceName = '', addresses = '', neighbours = '', peerMacs = ''] = process.argv.slice(2);
const holder = new LinuxAddress(
  {
    interface: interfaceName,
    addresses: list(addresses).map(parseInterfaceAddress),
    peerMacs: () => list(peerMacs),
    neighbours: () => list(neighbours),
  },
  systemClock,
  createLog('info'),
);

process.on('message', (request: HolderRequest) => void answer(request));
process.on('disconnect', () => process.exit());

async function answer({ id, call, spanMs }: HolderRequest): Promise<void> {
  const reply: HolderAnswer = await perform(call, spanMs).then(
    (value) => ({ id, value: JSON.stringify(value) }),
    (error: unknown) => ({ id, error: String(error) }),
  );
  process.send?.(reply);
}

async function perform(call: HolderRequest['call'], spanMs: number): Promise<unknown> {
  if (call === 'announce') return holder.announce();
  if (call === 'mac') return holder.mac();
  if (call === 'release') return holder.release();
  if (call === 'status') return holder.status;
  if (call === 'change') return holder.change([parseInterfaceAddress(`10.77.0.100/${spanMs}`)]);
  return holder[call](spanMs);
}

function list(text: string): string[] {
  return text.split(',').filter(Boolean);
}

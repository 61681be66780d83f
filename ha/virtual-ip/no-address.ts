import type { Probe, VirtualAddress } from '../role/ports.ts';

/**
 * The driver `none`: nobody moves an address, since datagrams come by anycast, or by way of a load balancer that asks each node whether it
 * is active.
 */
export const noAddress: VirtualAddress = {
  hold: () => Promise.resolve(),
  announce: () => {},
  release: () => Promise.resolve(),
  linger: () => Promise.resolve(),
  probe: () => Promise.resolve<Probe>({ owner: 'nobody', neighbourAnswers: undefined }),
};

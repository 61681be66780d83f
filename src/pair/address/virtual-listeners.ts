import { isIPv4 } from 'node:net';
import type { Config } from '../../config/schema.ts';

/**
 * The listeners of a node of a pair: those that would listen on all addresses listen on each of the virtual IP's, and not on the
 * node's own.
 */
export function withVirtualListeners(config: Config): Config {
  const { ha } = config;
  if (ha === undefined) return config;
  const virtual = ha.virtualAddresses.map((written) => written.split('/')[0] ?? '');
  const listeners = config.listeners.flatMap((listener) => {
    if (listener.address !== '::' && listener.address !== '0.0.0.0') return [listener];
    const addresses = listener.address === '::' ? virtual : virtual.filter((address) => isIPv4(address));
    return addresses.map((address) => ({ ...listener, address }));
  });
  return { ...config, listeners };
}

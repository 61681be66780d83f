import type { Check, CheckResult } from './check-result.ts';

/** Who may send: an open listener on an address that others reach takes what anybody sends. */
export const checkSenders: Check = ({ config }) => {
  const open = config.listeners.filter(
    ({ address, allowFrom }) => (allowFrom ?? config.allowFrom).length === 0 && !isLoopback(address),
  );
  const name = 'allowed senders';
  const result: CheckResult =
    open.length === 0
      ? { name, state: 'ok', found: 'limited for every listener that others can reach' }
      : {
          name,
          state: 'warn',
          found: `everyone may send to ${open.map(({ family, transport, port }) => `${family} on ${transport} port ${port}`).join(', ')}`,
          remedy: 'List the devices in allowFrom, as in: allowFrom: [192.0.2.0/24, 2001:db8::/32]',
        };
  return Promise.resolve([result]);
};

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

import type { AuthProtocol, PrivacyProtocol } from '../../collectors/snmp/usm/crypto/protocols.ts';

/** How a device is asked. Secrets are in here: never log one whole. */
export type PollCredential = {
  /** UDP port of the agent. */
  readonly port: number;
} & (
  | { readonly version: '1' | '2c'; readonly community: string }
  | {
      readonly version: '3';
      readonly user: string;
      readonly auth?: { readonly protocol: AuthProtocol; readonly password: string };
      readonly privacy?: { readonly protocol: PollPrivacyProtocol; readonly password: string };
      readonly context?: string;
    }
);

/** Those of the library that polls. It leaves DES to OpenSSL, which has none any more, and does not know AES-192. */
export const POLL_PRIVACY_PROTOCOLS = ['AES', 'AES-256', 'AES-256-C'] as const satisfies PrivacyProtocol[];
export type PollPrivacyProtocol = (typeof POLL_PRIVACY_PROTOCOLS)[number];

export function isPollable(protocol: PrivacyProtocol): protocol is PollPrivacyProtocol {
  return POLL_PRIVACY_PROTOCOLS.some((each) => each === protocol);
}

/** Which devices are asked, and how. */
export interface PollRule {
  /** Addresses and prefixes. */
  readonly devices: readonly string[];
  readonly credential: PollCredential;
}

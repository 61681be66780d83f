/** How a device is asked. Secrets are in here: never log one whole. */
export type PollCredential = {
  /** UDP port of the agent. */
  readonly port: number;
} & (
  | { readonly version: '1' | '2c'; readonly community: string }
  | {
      readonly version: '3';
      readonly user: string;
      readonly auth?: { readonly protocol: PollAuthProtocol; readonly password: string };
      readonly priv?: { readonly protocol: PollPrivProtocol; readonly password: string };
      readonly context?: string;
    }
);

export const POLL_AUTH_PROTOCOLS = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export type PollAuthProtocol = (typeof POLL_AUTH_PROTOCOLS)[number];

/** Those of the library that polls: no AES-192; aes256 after Blumenthal, aes256c after Reeder. */
export const POLL_PRIV_PROTOCOLS = ['des', 'aes128', 'aes256', 'aes256c'] as const;
export type PollPrivProtocol = (typeof POLL_PRIV_PROTOCOLS)[number];

/** Which devices are asked, and how. */
export interface PollRule {
  /** Addresses and prefixes. */
  readonly devices: readonly string[];
  readonly credential: PollCredential;
}

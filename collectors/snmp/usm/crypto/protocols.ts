/** What the names of SNMPv3's algorithms stand for. The names are those that net-snmp's `-a` and `-x` take. */

export const AUTH_PROTOCOLS = ['MD5', 'SHA', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'] as const;
export type AuthProtocol = (typeof AUTH_PROTOCOLS)[number];

/**
 * AES-192 and AES-256 were never standardised: a digest may be shorter than their keys, and two drafts lengthen it. Without
 * a suffix Blumenthal's, with `-C` Reeder's, which Cisco and others use.
 */
export const PRIVACY_PROTOCOLS = ['DES', 'AES', 'AES-192', 'AES-256', 'AES-192-C', 'AES-256-C'] as const;
export type PrivacyProtocol = (typeof PRIVACY_PROTOCOLS)[number];

export interface AuthAlgorithm {
  /** As OpenSSL calls it. */
  readonly hash: string;
  /** Bytes of a digest, and of a key. */
  readonly digestBytes: number;
  /** Bytes of the digest that travel in msgAuthenticationParameters. */
  readonly macBytes: number;
  /** Block of the hash function: what HMAC pads its key to. */
  readonly blockBytes: number;
}

/** RFC 3414 sections 6 and 7, RFC 7860 section 4. */
export const AUTH_ALGORITHMS: Readonly<Record<AuthProtocol, AuthAlgorithm>> = {
  MD5: { hash: 'md5', digestBytes: 16, macBytes: 12, blockBytes: 64 },
  SHA: { hash: 'sha1', digestBytes: 20, macBytes: 12, blockBytes: 64 },
  'SHA-224': { hash: 'sha224', digestBytes: 28, macBytes: 16, blockBytes: 64 },
  'SHA-256': { hash: 'sha256', digestBytes: 32, macBytes: 24, blockBytes: 64 },
  'SHA-384': { hash: 'sha384', digestBytes: 48, macBytes: 32, blockBytes: 128 },
  'SHA-512': { hash: 'sha512', digestBytes: 64, macBytes: 48, blockBytes: 128 },
};

export interface PrivacyAlgorithm {
  readonly cipher: 'des-cbc' | 'aes-128-cfb' | 'aes-192-cfb' | 'aes-256-cfb';
  /** Bytes of the localised key; DES: eight of key and eight to make initialisation vectors of. */
  readonly keyBytes: number;
  readonly extension: 'blumenthal' | 'reeder';
}

/** RFC 3414 section 8, RFC 3826, draft-blumenthal-aes-usm-04, draft-reeder-snmpv3-usm-3desede-00. */
export const PRIVACY_ALGORITHMS: Readonly<Record<PrivacyProtocol, PrivacyAlgorithm>> = {
  DES: { cipher: 'des-cbc', keyBytes: 16, extension: 'blumenthal' },
  AES: { cipher: 'aes-128-cfb', keyBytes: 16, extension: 'blumenthal' },
  'AES-192': { cipher: 'aes-192-cfb', keyBytes: 24, extension: 'blumenthal' },
  'AES-256': { cipher: 'aes-256-cfb', keyBytes: 32, extension: 'blumenthal' },
  'AES-192-C': { cipher: 'aes-192-cfb', keyBytes: 24, extension: 'reeder' },
  'AES-256-C': { cipher: 'aes-256-cfb', keyBytes: 32, extension: 'reeder' },
};

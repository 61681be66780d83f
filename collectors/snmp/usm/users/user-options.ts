import type { SecurityLevel } from '../../security.ts';
import type { AuthProtocol, PrivacyProtocol } from '../crypto/protocols.ts';

/**
 * A secret in one of three forms: a pass phrase; the key Ku made of it, which serves every engine; or the key of one engine,
 * so that whoever reads it has gained that engine alone. Keys are hexadecimal, with or without `0x`.
 */
export type UsmSecret = { readonly password: string } | { readonly key: string } | { readonly localisedKey: string };

/** A user of SNMPv3 as the configuration names one. */
export interface UsmUserOptions {
  /** At most 32 bytes of UTF-8. May come several times: entries of one name are tried in order. */
  readonly name: string;
  /** Hexadecimal. With it the entry is for that engine alone, and entries without one are not asked for it. */
  readonly engineId?: string | undefined;
  readonly auth?: (UsmSecret & { readonly protocol: AuthProtocol }) | undefined;
  readonly privacy?: (UsmSecret & { readonly protocol: PrivacyProtocol }) | undefined;
  /** What messages must have at least. Default: all that the entry has keys for. */
  readonly minimumLevel?: SecurityLevel | undefined;
}

// @ts-expect-error des.js has no type declarations; what is used of it is declared below.
import des from 'des.js';

interface Transform {
  update(bytes: Uint8Array): number[];
  final(): number[];
}
interface TransformOptions {
  readonly type: 'encrypt' | 'decrypt';
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly padding: false;
}
interface DesLibrary {
  readonly DES: unknown;
  readonly CBC: { instantiate(cipher: unknown): { create(options: TransformOptions): Transform } };
}

// OpenSSL 3 keeps DES in its legacy provider, which Node does not load; devices that know nothing better still exist.
const { CBC, DES }: DesLibrary = des;
const DesCbc = CBC.instantiate(DES);

export const DES_BLOCK_BYTES = 8;

/**
 * DES-CBC without padding; the door to `des.js`.
 * @param bytes a multiple of eight bytes, at least eight
 * @param key eight bytes, parity ignored
 * @param iv eight bytes
 */
export function desCbc(type: TransformOptions['type'], bytes: Buffer, key: Buffer, iv: Buffer): Buffer {
  const transform = DesCbc.create({ type, key, iv, padding: false });
  return Buffer.from([...transform.update(bytes), ...transform.final()]);
}

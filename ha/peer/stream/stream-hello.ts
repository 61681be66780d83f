/** What each side says first on a stream. */
export interface StreamHello {
  /** Version of the link. */
  readonly link: number;
  /** Name of the node. */
  readonly node: string;
  /** Which run of it, in hexadecimal. */
  readonly session: string;
  /** Version of the program. */
  readonly program: string;
}

export function writeHello(hello: StreamHello): Buffer {
  return Buffer.from(JSON.stringify(hello));
}

/** @returns undefined where it is none */
export function readHello(bytes: Buffer): StreamHello | undefined {
  try {
    const fields: unknown = JSON.parse(bytes.toString('utf8'));
    const { link, node, session, program }: Record<string, unknown> = { ...Object(fields) };
    if (typeof link !== 'number' || typeof node !== 'string') return undefined;
    if (typeof session !== 'string' || typeof program !== 'string') return undefined;
    return { link, node, session, program };
  } catch {
    return undefined;
  }
}

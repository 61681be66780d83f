import type { Config } from './schema.ts';

/** A file that the configuration names, absolute. */
export interface NamedFile {
  readonly path: string;
  /** Nobody else should read it: a key, a password, a URL or header that lets in whoever has it. */
  readonly isSecret: boolean;
}

/** Files that the configuration names, each once: read at the start, by successors of processes, and at a reload. */
export function namedFiles({ tls, listeners, snmp, database, redis, notify, ha }: Config): NamedFile[] {
  const all = [tls, ...listeners.map((listener) => (listener.transport === 'udp' ? undefined : listener.tls))];
  const secret = [
    ...all.map((each) => each?.keyFile),
    snmp.credentialsFile,
    ha?.secretFile,
    ...[database, redis].flatMap(({ urlFile, passwordFile }) => [urlFile, passwordFile]),
    notify.email?.passwordFile,
    ...notify.webhooks.flatMap(({ urlFile, headersFile }) => [urlFile, headersFile]),
  ];
  const open = [
    ...all.flatMap((each) => [each?.certificateFile, each?.clientCaFile]),
    redis.caFile,
    notify.email?.caFile,
    ...notify.webhooks.map(({ caFile }) => caFile),
  ];
  const found = new Map<string, NamedFile>();
  for (const path of secret) if (path !== undefined) found.set(path, { path, isSecret: true });
  for (const path of open) if (path !== undefined && !found.has(path)) found.set(path, { path, isSecret: false });
  return [...found.values()];
}

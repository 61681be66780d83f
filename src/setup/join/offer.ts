import type { Config } from '../../config/schema.ts';
import { settingsDigest, sharedSettings } from '../../pair/settings-digest.ts';

/** What a node that joins is given. */
export interface PairOffer {
  readonly version: string;
  /** Base64. */
  readonly secret: string;
  /** The settings that are the same on both, in effect on the first: durations in milliseconds, sizes in bytes. */
  readonly shared: Readonly<Record<string, unknown>>;
  readonly digest: string;
  /** Own to the first, and what the second takes as its peer. */
  readonly first: { readonly name: string; readonly address: string; readonly port: number };
  /** What the first calls the second. */
  readonly second: { readonly name: string; readonly address: string; readonly port: number | undefined };
  /** Of the first; proposed to the second. */
  readonly interface: string | undefined;
  /** Where the first keeps a journal that both nodes may share. */
  readonly journalDirectory: string | undefined;
}

type Ha = NonNullable<Config['ha']>;

export function pairOffer(config: Config, ha: Ha, secret: Buffer, version: string): PairOffer {
  const { directory } = config.journal;
  return {
    version,
    secret: secret.toString('base64'),
    shared: { ...sharedSettings(config), snmp: withoutState(config), ...withoutFiles(config) },
    digest: settingsDigest(config),
    first: { name: config.node.name, address: ha.address, port: ha.port },
    second: { name: ha.peer.name, address: ha.peer.address, port: ha.peer.port },
    interface: ha.interface,
    journalDirectory: directory.startsWith(`${config.stateDirectory}/`) ? undefined : directory,
  };
}

/** Without what the loader has filled in from files: these are copied by whoever sets up the second node. */
function withoutFiles({ database, redis, notify }: Config): Pick<Config, 'database' | 'redis' | 'notify'> {
  const { email, webhooks } = notify;
  return {
    database: withoutFilled({ ...database, url: withoutPassword(database) }),
    redis: withoutFilled(redis),
    notify: {
      ...notify,
      ...(email === undefined ? {} : { email: withoutFilled(email) }),
      webhooks: webhooks.map((each) => withoutFilled(each.headersFile === undefined ? each : { ...each, headers: {} })),
    },
  };
}

/** As the loader puts it there: the last parameter. One that is no file's comes along within the URL. */
function withoutPassword({ url, passwordFile }: Config['database']): string | undefined {
  return passwordFile === undefined ? url : url?.replace(/[?&]password=[^&]*$/, '');
}

interface FilledFromFiles {
  readonly urlFile?: string | undefined;
  readonly passwordFile?: string | undefined;
}

function withoutFilled<Group extends FilledFromFiles>(group: Group): Group {
  const { urlFile, passwordFile } = group;
  const nothing = {
    ...(urlFile === undefined ? {} : { url: undefined }),
    ...(passwordFile === undefined ? {} : { password: undefined }),
  };
  return { ...group, ...nothing };
}

/** The folder of MIBs is told from the state directory on, which is another one on each node. */
function withoutState({ snmp, stateDirectory }: Config): Config['snmp'] {
  const here = `${stateDirectory}/`;
  const { mibDirectory } = snmp;
  return mibDirectory.startsWith(here) ? { ...snmp, mibDirectory: mibDirectory.slice(here.length) } : snmp;
}

/** What came over an authenticated connection; its settings are checked by the loader. */
export function isPairOffer(value: unknown): value is PairOffer {
  if (typeof value !== 'object' || value === null) return false;
  const { version, secret, shared, digest, first, second }: Partial<Record<keyof PairOffer, unknown>> = value;
  const isNode = (node: unknown): boolean =>
    typeof node === 'object' && node !== null && 'name' in node && typeof node.name === 'string' && 'address' in node;
  const areTexts = [version, secret, digest].every((each) => typeof each === 'string');
  return areTexts && typeof shared === 'object' && shared !== null && isNode(first) && isNode(second);
}

import { z } from 'zod';
import { POLL_AUTH_PROTOCOLS, POLL_PRIV_PROTOCOLS, type PollRule } from '../polling/poll-credential.ts';
import { readDocument } from './document.ts';
import { ConfigError, type Finding, pathText, type SettingPath } from './findings.ts';
import { findingsOfIssues } from './schema-findings.ts';
import { port, prefix } from './values.ts';

/** The levels of RFC 3411 section 3.4.3, lowest first. */
const LEVELS = ['noAuthNoPriv', 'authNoPriv', 'authPriv'] as const;
const AUTH_PROTOCOLS = POLL_AUTH_PROTOCOLS;
const PRIV_PROTOCOLS = ['des', 'aes128', 'aes192', 'aes256', 'aes192c', 'aes256c'] as const;

const SHORTEST_PASSWORD = 8; // RFC 3414 section 11.2
const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/i, { error: 'expected hexadecimal digits, two a byte' });

/** One secret, as a password, or as a key that was localised to one engine. */
function secretFor<const Protocols extends readonly [string, ...string[]]>(protocols: Protocols) {
  return z
    .strictObject({
      protocol: z.enum(protocols),
      password: z
        .string()
        .min(SHORTEST_PASSWORD, { error: `expected at least ${SHORTEST_PASSWORD} characters` })
        .optional(),
      localizedKey: hex.optional(),
    })
    .refine(({ password, localizedKey }) => (password === undefined) !== (localizedKey === undefined), {
      error: 'expected a password, or a localizedKey together with the engineId of the user',
    });
}

const user = z.strictObject({
  name: z.string().min(1).max(32),
  engineId: hex.optional(),
  auth: secretFor(AUTH_PROTOCOLS).optional(),
  priv: secretFor(PRIV_PROTOCOLS).optional(),
  level: z.enum(LEVELS).optional(),
});

const poll = z.strictObject({
  devices: z.array(prefix).min(1, { error: 'expected at least one address or prefix' }),
  community: z.string().min(1).optional(),
  user: z.string().min(1).optional(),
  version: z.enum(['1', '2c', '3']).optional(),
  port: port.default(161),
});

const credentialsSchema = z.strictObject({
  communities: z.record(z.string().min(1), z.string().min(1)).default({}),
  users: z.array(user).default([]),
  polling: z.array(poll).default([]),
});

type Written = z.output<typeof credentialsSchema>;
export type SnmpUserSettings = Written['users'][number];

/** Who may send notifications, and how devices are polled. Full of secrets: never log one whole. */
export interface SnmpCredentials {
  /** Names by community; empty: every community is accepted. */
  readonly communities: ReadonlyMap<string, string>;
  readonly users: readonly SnmpUserSettings[];
  readonly polling: readonly PollRule[];
}

export const NO_CREDENTIALS: SnmpCredentials = { communities: new Map(), users: [], polling: [] };

/**
 * Reads the file of SNMP credentials.
 * @throws DogwatchError `CONFIG_UNREADABLE`
 * @throws ConfigError `CONFIG_INVALID` with everything that is wrong; secrets are not shown
 */
export function readSnmpCredentials(file: string): SnmpCredentials {
  const document = readDocument(file);
  const content = document.content ?? {};
  const parsed = credentialsSchema.safeParse(content);
  if (!parsed.success) {
    const schema: object = z.toJSONSchema(credentialsSchema, { io: 'input', unrepresentable: 'any' });
    const findings = findingsOfIssues(parsed.error.issues, content, { ...schema });
    // What was found may be a secret.
    throw new ConfigError(
      findings.map(({ at, ...rest }) => ({ ...rest, found: undefined, source: document.placeOf(at) ?? file })),
    );
  }
  const breaches = breachesOf(parsed.data).map(({ at, message }): Finding => ({
    path: pathText(at),
    message,
    found: undefined,
    suggestion: undefined,
    source: document.placeOf(at),
  }));
  if (breaches.length > 0) throw new ConfigError(breaches);
  return credentialsOf(parsed.data);
}

interface Breach {
  readonly at: SettingPath;
  readonly message: string;
}

function breachesOf({ communities, users, polling }: Written): Breach[] {
  const breaches: Breach[] = [];
  const byCommunity = new Map<string, string>();
  for (const [name, community] of Object.entries(communities)) {
    const earlier = byCommunity.get(community);
    if (earlier !== undefined)
      breaches.push({ at: ['communities', name], message: `the same community as ${earlier}` });
    byCommunity.set(community, name);
  }
  for (const [index, each] of users.entries()) breaches.push(...breachesOfUser(each, index, users));
  for (const [index, rule] of polling.entries()) breaches.push(...breachesOfPoll(rule, index, communities, users));
  return breaches;
}

function breachesOfUser(
  { name, engineId, auth, priv, level }: SnmpUserSettings,
  index: number,
  users: readonly SnmpUserSettings[],
): Breach[] {
  const at = ['users', index] as const;
  const breaches: Breach[] = [];
  const add = (key: string | undefined, message: string) =>
    breaches.push({ at: key === undefined ? at : [...at, key], message });
  if (priv !== undefined && auth === undefined)
    add('priv', 'expected auth beside it: there is no privacy without authentication');
  const reached = priv !== undefined ? 2 : auth !== undefined ? 1 : 0;
  if (level !== undefined && LEVELS.indexOf(level) > reached)
    add('level', `expected at most ${LEVELS[reached]}, which is what auth and priv are there for`);
  for (const key of ['auth', 'priv'] as const) {
    const secret = key === 'auth' ? auth : priv;
    if (secret?.localizedKey !== undefined && engineId === undefined)
      add(key, 'expected engineId beside a localizedKey: it is valid at that engine alone');
  }
  if (engineId !== undefined && (engineId.length < 10 || engineId.length > 64))
    add('engineId', 'expected 5 to 32 bytes (RFC 3411 section 5)');
  const earlier = users.findIndex(
    (other) => other.name === name && other.engineId?.toLowerCase() === engineId?.toLowerCase(),
  );
  if (earlier < index) add(undefined, `the user ${name} is in users[${earlier}] already`);
  return breaches;
}

function breachesOfPoll(
  { community, user: userName, version }: Written['polling'][number],
  index: number,
  communities: Written['communities'],
  users: readonly SnmpUserSettings[],
): Breach[] {
  const at = ['polling', index] as const;
  if ((community === undefined) === (userName === undefined))
    return [{ at, message: 'expected either community or user, by the name that it has above' }];
  if (community !== undefined) {
    if (!Object.hasOwn(communities, community))
      return [{ at: [...at, 'community'], message: 'expected a name out of communities' }];
    return version === '3' ? [{ at: [...at, 'version'], message: 'expected 1 or 2c with a community' }] : [];
  }
  const found = users.find(({ name }) => name === userName);
  if (found === undefined) return [{ at: [...at, 'user'], message: 'expected a name out of users' }];
  if (version !== undefined && version !== '3') return [{ at: [...at, 'version'], message: 'expected 3 with a user' }];
  if (found.auth?.localizedKey !== undefined || found.priv?.localizedKey !== undefined)
    return [{ at: [...at, 'user'], message: 'expected a user with passwords: a localizedKey fits one engine alone' }];
  const priv = found.priv?.protocol;
  if (priv !== undefined && !isPollable(priv))
    return [{ at: [...at, 'user'], message: `polling knows ${POLL_PRIV_PROTOCOLS.join(', ')}, not ${priv}` }];
  return [];
}

function isPollable(protocol: string): protocol is (typeof POLL_PRIV_PROTOCOLS)[number] {
  return (POLL_PRIV_PROTOCOLS as readonly string[]).includes(protocol);
}

function credentialsOf({ communities, users, polling }: Written): SnmpCredentials {
  const rules = polling.map(({ devices, community, user: userName, version, port: agentPort }): PollRule => {
    if (community !== undefined) {
      const secret = communities[community] ?? '';
      return { devices, credential: { port: agentPort, version: version === '1' ? '1' : '2c', community: secret } };
    }
    const found = users.find(({ name }) => name === userName);
    const { auth, priv } = found ?? {};
    return {
      devices,
      credential: {
        port: agentPort,
        version: '3',
        user: userName ?? '',
        ...(auth?.password === undefined ? {} : { auth: { protocol: auth.protocol, password: auth.password } }),
        ...(priv?.password === undefined || !isPollable(priv.protocol)
          ? {}
          : { priv: { protocol: priv.protocol, password: priv.password } }),
      },
    };
  });
  const byCommunity = new Map(Object.entries(communities).map(([name, community]) => [community, name]));
  return { communities: byCommunity, users, polling: rules };
}

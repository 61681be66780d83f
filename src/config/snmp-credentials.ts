import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { AUTH_PROTOCOLS, PRIVACY_PROTOCOLS } from '../../collectors/snmp/usm/crypto/protocols.ts';
import type { UsmUserOptions } from '../../collectors/snmp/usm/users/user-options.ts';
import { isPollable, POLL_PRIVACY_PROTOCOLS, type PollRule } from '../polling/poll-credential.ts';
import { readDocument } from './document.ts';
import { ConfigError, type Finding, pathText, type SettingPath } from './findings.ts';
import { findingsOfIssues } from './schema-findings.ts';
import { port, prefix } from './values.ts';

/** The levels of RFC 3411 section 3.4.3, lowest first. */
const LEVELS = ['noAuthNoPriv', 'authNoPriv', 'authPriv'] as const;

const SHORTEST_PASSWORD = 8; // RFC 3414 section 11.2
const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/i, { error: 'expected hexadecimal digits, two a byte' });

/** One secret: a pass phrase, the key Ku made of it, or the key of one engine. */
function secretFor<const Protocols extends readonly [string, ...string[]]>(protocols: Protocols) {
  return z
    .strictObject({
      protocol: z.enum(protocols),
      password: z
        .string({ error: 'expected a text, in quotes where it is a number' })
        .min(SHORTEST_PASSWORD, { error: `expected at least ${SHORTEST_PASSWORD} characters` })
        .optional(),
      key: hex.optional(),
      localisedKey: hex.optional(),
    })
    .transform(({ protocol, password, key, localisedKey }, context) => {
      const given = [password, key, localisedKey].filter((each) => each !== undefined);
      if (given.length !== 1)
        context.issues.push({
          code: 'custom',
          input: protocol,
          message: 'expected one of password, key, localisedKey',
        });
      if (password !== undefined) return { protocol, password };
      return key === undefined ? { protocol, localisedKey: localisedKey ?? '' } : { protocol, key };
    });
}

const user = z.strictObject({
  name: z.string().min(1).max(32),
  engineId: hex.optional(),
  auth: secretFor(AUTH_PROTOCOLS).optional(),
  privacy: secretFor(PRIVACY_PROTOCOLS).optional(),
  minimumLevel: z.enum(LEVELS).optional(),
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
type User = Written['users'][number];

/** Who may send notifications, and how devices are polled. Full of secrets: never log one whole. */
export interface SnmpCredentials {
  /** Names by community; empty: every community is accepted. */
  readonly communities: ReadonlyMap<string, string>;
  readonly users: readonly UsmUserOptions[];
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
  { name, engineId, auth, privacy, minimumLevel }: User,
  index: number,
  users: readonly User[],
): Breach[] {
  const at = ['users', index] as const;
  const breaches: Breach[] = [];
  const add = (key: string | undefined, message: string) =>
    breaches.push({ at: key === undefined ? at : [...at, key], message });
  if (privacy !== undefined && auth === undefined)
    add('privacy', 'expected auth beside it: there is no privacy without authentication');
  const reached = privacy !== undefined ? 2 : auth !== undefined ? 1 : 0;
  if (minimumLevel !== undefined && LEVELS.indexOf(minimumLevel) > reached)
    add('minimumLevel', `expected at most ${LEVELS[reached]}, which is what auth and privacy are there for`);
  for (const [key, secret] of Object.entries({ auth, privacy })) {
    if (secret !== undefined && 'localisedKey' in secret && engineId === undefined)
      add(key, 'expected engineId beside a localisedKey: it is valid at that engine alone');
  }
  if (engineId !== undefined && (engineId.length < 10 || engineId.length > 64))
    add('engineId', 'expected 5 to 32 bytes (RFC 3411 section 5)');
  // One name may come several times: with both extensions of a key, or with the old password beside the new one.
  const earlier = users.findIndex((other) => isDeepStrictEqual(other, users[index]));
  if (earlier < index) add(undefined, `the user ${name} is in users[${earlier}] already`);
  return breaches;
}

function breachesOfPoll(
  { community, user: userName, version }: Written['polling'][number],
  index: number,
  communities: Written['communities'],
  users: readonly User[],
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
  for (const secret of [found.auth, found.privacy]) {
    if (secret !== undefined && !('password' in secret))
      return [{ at: [...at, 'user'], message: 'expected a user with passwords: keys cannot be polled with' }];
  }
  const protocol = found.privacy?.protocol;
  if (protocol !== undefined && !isPollable(protocol))
    return [{ at: [...at, 'user'], message: `polling knows ${POLL_PRIVACY_PROTOCOLS.join(', ')}, not ${protocol}` }];
  return [];
}

function credentialsOf({ communities, users, polling }: Written): SnmpCredentials {
  const rules = polling.map(({ devices, community, user: userName, version, port: agentPort }): PollRule => {
    if (community !== undefined) {
      const secret = communities[community] ?? '';
      return { devices, credential: { port: agentPort, version: version === '1' ? '1' : '2c', community: secret } };
    }
    const { auth, privacy } = users.find(({ name }) => name === userName) ?? {};
    return {
      devices,
      credential: {
        port: agentPort,
        version: '3',
        user: userName ?? '',
        ...(auth !== undefined && 'password' in auth
          ? { auth: { protocol: auth.protocol, password: auth.password } }
          : {}),
        ...(privacy !== undefined && 'password' in privacy && isPollable(privacy.protocol)
          ? { privacy: { protocol: privacy.protocol, password: privacy.password } }
          : {}),
      },
    };
  });
  const byCommunity = new Map(Object.entries(communities).map(([name, community]) => [community, name]));
  return { communities: byCommunity, users, polling: rules };
}

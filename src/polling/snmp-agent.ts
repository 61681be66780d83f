import { isIPv6 } from 'node:net';
import * as snmp from 'net-snmp';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import type { AuthProtocol } from '../../collectors/snmp/usm/crypto/protocols.ts';
import type { PollCredential, PollPrivacyProtocol } from './poll-credential.ts';

/** A value as an agent gave it: numbers for integers, bytes for strings and big counters, text for object identifiers. */
export type AgentValue = number | bigint | string | boolean | Buffer | null;

/** Questions to one SNMP agent. The door to the library `net-snmp`. */
export interface SnmpAgent {
  /** @returns values by OID; what the agent does not have is left out */
  get(oids: readonly string[]): Promise<Map<string, AgentValue>>;
  /** A column of a table, by the last arc of each instance: at most `maxRows`. */
  column(oid: string, maxRows: number): Promise<Map<number, AgentValue>>;
  close(): void;
}

export interface AgentOptions {
  readonly timeoutMs: number;
  readonly retries: number;
}

const MAX_REPETITIONS = 25;

/** @throws DogwatchError `SNMP_UNSUPPORTED` for a protocol that the library or this machine's OpenSSL lacks */
export function openAgent(device: string, credential: PollCredential, options: AgentOptions): SnmpAgent {
  const common = {
    port: credential.port,
    timeout: options.timeoutMs,
    retries: options.retries,
    transport: isIPv6(device) ? ('udp6' as const) : ('udp4' as const),
  };
  const session = openSession(device, credential, common);
  // An unreachable port is reported here as well as by the time-out of the request; the request tells it.
  session.on('error', () => {});
  return {
    get: (oids) => get(session, oids),
    column: (oid, maxRows) => column(session, oid, maxRows),
    close: () => session.close(),
  };
}

type CommonOptions = Pick<snmp.SessionOptions, 'port' | 'timeout' | 'retries' | 'transport'>;

function openSession(device: string, credential: PollCredential, common: CommonOptions): snmp.Session {
  if (credential.version !== '3') {
    const version = credential.version === '1' ? snmp.Version1 : snmp.Version2c;
    return snmp.createSession(device, credential.community, { ...common, version });
  }
  const { user: name, auth, privacy, context } = credential;
  const user: snmp.User = { name, level: snmp.SecurityLevel.noAuthNoPriv };
  if (auth !== undefined) {
    user.level = snmp.SecurityLevel.authNoPriv;
    user.authProtocol = AUTH_PROTOCOLS[auth.protocol];
    user.authKey = auth.password;
  }
  if (auth !== undefined && privacy !== undefined) {
    user.level = snmp.SecurityLevel.authPriv;
    user.privProtocol = PRIVACY_PROTOCOLS[privacy.protocol];
    user.privKey = privacy.password;
  }
  return snmp.createV3Session(device, user, {
    ...common,
    version: snmp.Version3,
    ...(context === undefined ? {} : { context }),
  });
}

const AUTH_PROTOCOLS: Readonly<Record<AuthProtocol, snmp.AuthProtocols>> = {
  MD5: snmp.AuthProtocols.md5,
  SHA: snmp.AuthProtocols.sha,
  'SHA-224': snmp.AuthProtocols.sha224,
  'SHA-256': snmp.AuthProtocols.sha256,
  'SHA-384': snmp.AuthProtocols.sha384,
  'SHA-512': snmp.AuthProtocols.sha512,
};

const PRIVACY_PROTOCOLS: Readonly<Record<PollPrivacyProtocol, snmp.PrivProtocols>> = {
  DES: snmp.PrivProtocols.des,
  AES: snmp.PrivProtocols.aes,
  'AES-256': snmp.PrivProtocols.aes256b,
  'AES-256-C': snmp.PrivProtocols.aes256r,
};

function get(session: snmp.Session, oids: readonly string[]): Promise<Map<string, AgentValue>> {
  return new Promise((resolve, reject) => {
    session.get([...oids], (error, varbinds) => {
      if (error !== null) return reject(troubleOf(error));
      const values = new Map<string, AgentValue>();
      for (const varbind of varbinds ?? []) {
        if (!snmp.isVarbindError(varbind)) values.set(varbind.oid, valueOf(varbind));
      }
      resolve(values);
    });
  });
}

function column(session: snmp.Session, oid: string, maxRows: number): Promise<Map<number, AgentValue>> {
  const rows = new Map<number, AgentValue>();
  return new Promise((resolve, reject) => {
    const feed = (varbinds: snmp.Varbind[]): boolean => {
      for (const varbind of varbinds) {
        if (rows.size >= maxRows) return true;
        if (snmp.isVarbindError(varbind)) continue;
        rows.set(Number(varbind.oid.slice(varbind.oid.lastIndexOf('.') + 1)), valueOf(varbind));
      }
      return false;
    };
    // The library's types know only callbacks that never stop a walk.
    session.subtree(oid, MAX_REPETITIONS, feed as (varbinds: snmp.Varbind[]) => void, (error) => {
      if (error === null || error === undefined) resolve(rows);
      else reject(troubleOf(error));
    });
  });
}

function valueOf({ value }: snmp.Varbind): AgentValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && !Buffer.isBuffer(value)) return String(value);
  return value;
}

function troubleOf(error: unknown): DogwatchError {
  // The library's types do not have this class.
  if (error instanceof Error && error.name === 'RequestTimedOutError')
    return new DogwatchError('SNMP_TIMED_OUT', 'no answer');
  // The legacy provider with DES is not loaded by Node's OpenSSL.
  if (error instanceof Error && 'code' in error && error.code === 'ERR_OSSL_EVP_UNSUPPORTED')
    return new DogwatchError('SNMP_UNSUPPORTED', 'this machine has no DES', { cause: error });
  return new DogwatchError('SNMP_FAILED', messageOf(error), { cause: error });
}

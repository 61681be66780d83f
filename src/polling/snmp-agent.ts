import { isIPv6 } from 'node:net';
import * as snmp from 'net-snmp';
import type { AuthProtocol } from '../../collectors/snmp/usm/crypto/protocols.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { guardedSockets, isSecureEnough, type SocketMaker } from './agent-socket.ts';
import type { PollCredential, PollPrivacyProtocol } from './poll-credential.ts';

/** A value as an agent gave it: numbers for integers, bytes for strings and big counters, text for object identifiers. */
export type AgentValue = number | bigint | string | boolean | Buffer | null;

/** Questions to one SNMP agent, one at a time. */
export interface SnmpAgent {
  /** @returns values by OID; what the agent does not have is left out */
  get(oids: readonly string[]): Promise<Map<string, AgentValue>>;
  /** A column of a table with a single integer as index: at most `maxRows`. */
  column(oid: string, maxRows: number): Promise<Map<number, AgentValue>>;
  /** Frees the socket; a question that waits fails with `SNMP_CLOSED`. May be called again. */
  close(): void;
}

export interface AgentOptions {
  /** How long a question waits for its answer, each time that it is asked. */
  readonly timeoutMs: number;
  /** How often it is asked again. */
  readonly retries: number;
}

type Answer<Value> = (error: Error | null, value?: Value) => void;

const MAX_REPETITIONS = 25;

/**
 * The door to the library `net-snmp`. What goes wrong is a DogwatchError: `SNMP_TIMED_OUT`, `SNMP_FAILED`, `SNMP_CLOSED`. Its
 * message never holds what the library says of communities and digests: it quotes them.
 */
export function openAgent(device: string, credential: PollCredential, options: AgentOptions): SnmpAgent {
  return new NetSnmpAgent(device, credential, options);
}

class NetSnmpAgent implements SnmpAgent {
  readonly #session: snmp.Session;
  #reject: (error: DogwatchError) => void = () => {};
  readonly #version: PollCredential['version'];
  #closed = false;
  /** What has come and was no SNMP. */
  #unreadable = 0;

  constructor(device: string, credential: PollCredential, { timeoutMs, retries }: AgentOptions) {
    this.#version = credential.version;
    const dgramModule = guardedSockets(
      (bytes) => isSecureEnough(bytes, credential),
      (error) => this.#reject(new DogwatchError('SNMP_FAILED', `the answer makes no sense: ${messageOf(error)}`)),
    );
    const transport = isIPv6(device) ? ('udp6' as const) : ('udp4' as const);
    this.#session = openSession(device, credential, {
      port: credential.port,
      timeout: timeoutMs,
      retries,
      transport,
      dgramModule,
    });
    this.#session.on('error', () => {
      this.#unreadable += 1;
    });
  }

  async get(oids: readonly string[]): Promise<Map<string, AgentValue>> {
    const varbinds = await this.#ask<snmp.Varbind[]>((answer) => this.#session.get([...oids], answer));
    return new Map(varbinds.filter((each) => !snmp.isVarbindError(each)).map((each) => [each.oid, valueOf(each)]));
  }

  // Not the library's own walk: it believes an agent that leads it in a circle.
  async column(oid: string, maxRows: number): Promise<Map<number, AgentValue>> {
    const prefix = `${oid}.`;
    const rows = new Map<number, AgentValue>();
    for (let last = oid, seen = 0; ;) {
      const varbinds = await this.#after(last);
      for (const varbind of varbinds) {
        seen += 1;
        if (seen > maxRows || snmp.isVarbindError(varbind) || !varbind.oid.startsWith(prefix)) return rows;
        last = varbind.oid;
        const index = indexOf(last.slice(prefix.length));
        if (index === undefined) continue;
        if (rows.has(index))
          throw new DogwatchError('SNMP_FAILED', `the table ${oid} goes in a circle: ${index} comes again`);
        rows.set(index, valueOf(varbind));
      }
      if (varbinds.length === 0) return rows;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reject(new DogwatchError('SNMP_CLOSED', 'given up'));
    this.#session.close();
  }

  /** What follows an OID: many at once, but one by one in v1 (RFC 1157 has no GetBulkRequest). */
  async #after(oid: string): Promise<snmp.Varbind[]> {
    if (this.#version === '1') return this.#oneAfter(oid);
    type Columns = (snmp.Varbind | snmp.Varbind[])[];
    const columns = await this.#ask<Columns>((answer) => this.#session.getBulk([oid], 0, MAX_REPETITIONS, answer));
    return columns.flat();
  }

  async #oneAfter(oid: string): Promise<snmp.Varbind[]> {
    try {
      return await this.#ask<snmp.Varbind[]>((answer) => this.#session.getNext([oid], answer));
    } catch (error) {
      // How v1 says that nothing follows (RFC 1157 section 4.1.3).
      if (error instanceof DogwatchError && error.code === 'SNMP_NO_SUCH_NAME') return [];
      throw error;
    }
  }

  async #ask<Value>(question: (answer: Answer<Value>) => void): Promise<Value> {
    if (this.#closed) throw new DogwatchError('SNMP_CLOSED', 'given up');
    return new Promise<Value>((resolve, reject) => {
      this.#reject = reject;
      question((error, value) => {
        if (error === null && value !== undefined) resolve(value);
        else reject(this.#troubleOf(error));
      });
    });
  }

  #troubleOf(error: unknown): DogwatchError {
    // The library's types do not have its classes of errors.
    const { name, code, status }: { name?: unknown; code?: unknown; status?: unknown } = Object(error);
    if (name === 'RequestTimedOutError') {
      const strange = this.#unreadable > 0 ? `; ${this.#unreadable} datagrams came that are no SNMP` : '';
      return new DogwatchError('SNMP_TIMED_OUT', `no answer${strange}`);
    }
    if (status === snmp.ErrorStatus.NoSuchName) return new DogwatchError('SNMP_NO_SUCH_NAME', messageOf(error));
    if (name === 'ResponseInvalidError') {
      const words = typeof code === 'number' ? INVALID[code] : undefined;
      // A report says by its name what is wrong: UnknownUserName, WrongDigest, …
      return new DogwatchError('SNMP_FAILED', words ?? reportWords(error));
    }
    return new DogwatchError('SNMP_FAILED', status === undefined ? messageOf(error) : `it says ${messageOf(error)}`);
  }
}

/** Instead of the library's words, which may quote secrets. */
const INVALID: Readonly<Record<number, string>> = {
  [snmp.ResponseInvalidCode.ECommunityNoMatch]: 'answered with another community',
  [snmp.ResponseInvalidCode.EVersionNoMatch]: 'answered in another version of SNMP',
  [snmp.ResponseInvalidCode.ECouldNotDecrypt]: 'the answer cannot be decrypted: wrong privacy protocol or password',
  [snmp.ResponseInvalidCode.EReqResOidNoMatch]: 'answered something else than was asked',
};

function reportWords(error: unknown): string {
  const words = messageOf(error);
  return /^[\w ]{1,80}$/.test(words) ? words : 'the digest of the answer is wrong: wrong protocol or password';
}

type CommonOptions = Pick<snmp.SessionOptions, 'port' | 'timeout' | 'retries' | 'transport'> & {
  readonly dgramModule: SocketMaker;
};

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
  AES: snmp.PrivProtocols.aes,
  'AES-256': snmp.PrivProtocols.aes256b,
  'AES-256-C': snmp.PrivProtocols.aes256r,
};

/** Undefined for what is no ifIndex: 1 … 2^31-1 (RFC 2863, InterfaceIndex). */
function indexOf(instance: string): number | undefined {
  const index = /^\d{1,10}$/.test(instance) ? Number(instance) : 0;
  return index >= 1 && index <= 0x7f_ff_ff_ff ? index : undefined;
}

function valueOf({ value }: snmp.Varbind): AgentValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && !Buffer.isBuffer(value)) return String(value);
  return value;
}

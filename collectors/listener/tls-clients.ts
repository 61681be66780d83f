import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import { DogwatchError } from '../../src/runtime/errors.ts';

type Rule = (certificate: X509Certificate) => boolean;

const FINGERPRINT = /^sha-?256:/i;

/**
 * Which senders' certificates are heard (RFC 5425 section 5.2: by name or by fingerprint).
 *
 * - `sha256:AB:CD:…`: this very certificate, whoever signed it, a self-signed one included;
 * - `CN=router1,O=Example`: the whole subject, in either order;
 * - `192.0.2.1`: an address among the alternative names;
 * - anything else: a DNS name among the alternative names, or the common name. `*.` stands for one label.
 */
export class ClientSubjects {
  readonly #fingerprints: readonly string[];
  readonly #rules: readonly Rule[];
  readonly #hasAuthority: boolean;

  /**
   * @param hasAuthority whether certificates are checked against an authority
   * @throws DogwatchError `TLS_SUBJECT_INVALID`: a fingerprint of the wrong length, or a name without an authority
   */
  constructor(subjects: readonly string[], hasAuthority: boolean) {
    this.#fingerprints = subjects.filter((subject) => FINGERPRINT.test(subject)).map(parseFingerprint);
    const names = subjects.filter((subject) => !FINGERPRINT.test(subject));
    const [name] = names;
    if (name !== undefined && !hasAuthority) {
      throw new DogwatchError('TLS_SUBJECT_INVALID', `"${name}" in clientSubjects cannot be believed`, {
        remedy: 'anybody can write a name into a certificate: set clientCaFile, or give the fingerprint (`sha256:…`)',
      });
    }
    this.#rules = names.map(ruleOf);
    this.#hasAuthority = hasAuthority;
  }

  /** Whether senders are asked for a certificate. */
  get isAsked(): boolean {
    return this.#hasAuthority || this.#fingerprints.length > 0;
  }

  /**
   * @param trouble why the chain of the certificate is not trusted; undefined where it is
   * @returns why the sender is refused, or undefined
   */
  refuse(certificate: X509Certificate | undefined, trouble: string | undefined): string | undefined {
    if (!this.isAsked) return undefined;
    if (certificate === undefined) return 'it has no certificate';
    const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    if (this.#fingerprints.includes(fingerprint)) return undefined;
    if (!this.#hasAuthority) return 'its fingerprint is not in clientSubjects';
    if (trouble !== undefined) return `its certificate is not trusted: ${trouble}`;
    if (this.#rules.length === 0 && this.#fingerprints.length === 0) return undefined;
    return this.#rules.some((rule) => rule(certificate)) ? undefined : 'its subject is not in clientSubjects';
  }
}

function parseFingerprint(subject: string): string {
  const hex = subject.replace(FINGERPRINT, '').replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new DogwatchError('TLS_SUBJECT_INVALID', `"${subject}" in clientSubjects is no SHA-256 fingerprint`, {
    remedy: '`openssl x509 -in FILE -noout -fingerprint -sha256` prints it: 32 pairs of hexadecimal digits',
  });
}

function ruleOf(subject: string): Rule {
  if (subject.includes('=')) {
    const wanted = parts(subject.split(','));
    return (certificate) => isSameSubject(wanted, parts(certificate.subject.split('\n')));
  }
  if (isIP(subject) > 0) return (certificate) => certificate.checkIP(subject) !== undefined;
  return (certificate) => namesOf(certificate).some((name) => isNamed(name, subject));
}

function parts(subject: readonly string[]): string[] {
  return subject.map((part) => part.trim().replace(/\s*=\s*/, '=')).filter((part) => part !== '');
}

/** OpenSSL prints a subject in the order of the certificate, RFC 4514 in the opposite one. */
function isSameSubject(wanted: readonly string[], actual: readonly string[]): boolean {
  const isEqual = (other: readonly string[]): boolean => other.every((part, index) => part === wanted[index]);
  return wanted.length === actual.length && (isEqual(actual) || isEqual(actual.toReversed()));
}

/** One alternative name as Node writes it: as a JSON string where it has a comma or a quote in it. */
const ALTERNATIVE_NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

function namesOf(certificate: X509Certificate): string[] {
  const dns: string[] = [];
  for (const [, type, name] of (certificate.subjectAltName ?? '').matchAll(ALTERNATIVE_NAME)) {
    if (type === 'DNS' && name !== undefined && !name.startsWith('"')) dns.push(name);
  }
  const common = certificate.subject.split('\n').filter((part) => part.startsWith('CN='));
  return [...dns, ...common.map((part) => part.slice('CN='.length))];
}

function isNamed(name: string, wanted: string): boolean {
  const actual = name.toLowerCase();
  const pattern = wanted.toLowerCase();
  if (!pattern.startsWith('*.')) return actual === pattern;
  const dot = actual.indexOf('.');
  return dot > 0 && actual.slice(dot) === pattern.slice(1) && !actual.startsWith('*');
}

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';

import { DogwatchError } from '../../src/runtime/errors.ts';

export interface TlsOptions {
  /** PEM: our certificate, then those between it and the authority's. */
  readonly certificateFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
  /** PEM: the authorities that sign our senders' certificates. Given, a sender must have one (RFC 5425 section 4.2). */
  readonly clientCaFile?: string | undefined;
  /**
   * Which senders' certificates are heard; empty: all that an authority signed. A name (`router1.example.net`,
   * `*.example.net`), an address, a whole subject (`CN=…,O=…`), or a fingerprint (`sha256:…`), for which no authority is needed.
   */
  readonly clientSubjects?: readonly string[] | undefined;
}

export interface TlsCredentials {
  readonly context: SecureContextOptions;
  /** Of our own certificate. */
  readonly validToMs: number;
  readonly subject: string;
}

/**
 * Reads certificate, key and authorities, and checks that they fit each other.
 * @throws DogwatchError `TLS_FILE_UNREADABLE`, `TLS_FILE_INVALID` or `TLS_KEY_MISMATCH`, with the file's name and a remedy
 */
export function loadTlsCredentials(options: TlsOptions): TlsCredentials {
  const chain = read(options.certificateFile);
  const certificate = parseCertificate(chain, options.certificateFile);
  const pem = read(options.keyFile);
  const key = parseKey(pem, options.keyFile);
  if (!certificate.checkPrivateKey(key)) {
    throw new DogwatchError(
      'TLS_KEY_MISMATCH',
      `the key in ${options.keyFile} is not that of the certificate in ${options.certificateFile}`,
      { remedy: 'name the key that the certificate was made with; its own certificate must be the first in the file' },
    );
  }
  return {
    // RFC 9662 asks for TLS 1.2 at least.
    context: { cert: chain, key: pem, minVersion: 'TLSv1.2', ...authorities(options.clientCaFile) },
    validToMs: certificate.validToDate.getTime(),
    subject: certificate.subject.replaceAll('\n', ', '),
  };
}

function authorities(file: string | undefined): SecureContextOptions {
  if (file === undefined) return {};
  const ca = read(file);
  parseCertificate(ca, file);
  return { ca };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    throw new DogwatchError('TLS_FILE_UNREADABLE', `cannot read ${file}`, {
      cause,
      remedy:
        code === 'ENOENT'
          ? 'the file does not exist: correct its path in `listeners[].tls`'
          : 'let the user that Dogwatch runs as read it (`ls -l` shows owner and mode)',
    });
  }
}

function parseCertificate(pem: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(
      file,
      'a certificate',
      'it must begin with a certificate in PEM form, -----BEGIN CERTIFICATE-----',
      cause,
    );
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const isEncrypted = pem.includes('ENCRYPTED');
    const remedy = isEncrypted
      ? `it is protected by a passphrase, which nobody could enter: \`openssl pkey -in ${file} -out plain.pem\` removes it`
      : 'it must hold a private key in PEM form, -----BEGIN PRIVATE KEY-----';
    throw invalid(file, 'a key', remedy, cause);
  }
}

function invalid(file: string, what: string, remedy: string, cause: unknown): DogwatchError {
  return new DogwatchError('TLS_FILE_INVALID', `cannot use ${file} as ${what}`, { cause, remedy });
}

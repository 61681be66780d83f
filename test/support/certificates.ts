import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findCommand } from './packages.ts';

/** For a test's `skip` option. */
export const skipWithoutOpenssl = findCommand('openssl') === undefined ? 'needs openssl (Debian: openssl)' : false;

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Certificates for tests, made with `openssl` in a folder of the test's. */
export class CertificateAuthority implements Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly #folder: string;

  constructor(folder: string, name = 'authority') {
    this.#folder = folder;
    const made = this.selfSigned(name, `/CN=Test ${name}`);
    this.certificateFile = made.certificateFile;
    this.keyFile = made.keyFile;
  }

  selfSigned(name: string, subject: string): Certificate {
    const files = this.#files(name);
    openssl('req', '-x509', ...newKey(files), '-out', files.certificateFile, '-subj', subject, '-days', '2');
    return files;
  }

  /** `alternatives`: names by type, `{ DNS: 'localhost', IP: '127.0.0.1' }`. */
  issue(name: string, subject: string, alternatives: Readonly<Record<string, string>> = {}): Certificate {
    const files = this.#files(name);
    const request = join(this.#folder, `${name}.request`);
    const extensions = join(this.#folder, `${name}.extensions`);
    openssl('req', ...newKey(files), '-out', request, '-subj', subject);
    const names = Object.entries(alternatives).map(([type, value]) => `${type}.1=${value}`);
    const section = ['subjectAltName=@alternatives', '[alternatives]', ...names, ''].join('\n');
    writeFileSync(extensions, names.length === 0 ? '' : section);
    const signing = ['-CA', this.certificateFile, '-CAkey', this.keyFile, '-CAcreateserial', '-extfile', extensions];
    openssl('x509', '-req', '-in', request, '-out', files.certificateFile, '-days', '2', ...signing);
    return files;
  }

  #files(name: string): Certificate {
    return { certificateFile: join(this.#folder, `${name}.crt`), keyFile: join(this.#folder, `${name}.key`) };
  }
}

export function openssl(...parameters: string[]): string {
  const { status, stdout, stderr } = spawnSync(findCommand('openssl') ?? '', parameters, {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (status !== 0) throw new Error(`openssl ${parameters.join(' ')}: ${stderr}`);
  return stdout;
}

function newKey(files: Certificate): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.keyFile];
}

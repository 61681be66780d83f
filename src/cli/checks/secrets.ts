import { stat } from 'node:fs/promises';
import { loadTlsCredentials } from '../../../collectors/listener/tls-credentials.ts';
import { ConfigError, describeFinding } from '../../config/findings.ts';
import { namedFiles, type NamedFile } from '../../config/named-files.ts';
import type { Config } from '../../config/schema.ts';
import { readSnmpCredentials } from '../../config/snmp-credentials.ts';
import { tlsOf } from '../../config/schema/listeners.ts';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import type { Check, CheckResult } from './check-result.ts';

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;
const OTHERS_MAY_READ = 0o004;

/** Certificates and keys of TLS listeners, and SNMP credentials: whether they can be read and used. Of all secret files: who else reads them. */
export const checkSecrets: Check = async ({ config }) => {
  const results: CheckResult[] = [];
  const listeners = config.listeners.filter((listener) => listener.transport !== 'udp');
  const certificates = new Map(
    listeners.flatMap((listener) => {
      const tls = tlsOf(listener, config.tls);
      return tls === undefined ? [] : [[`${tls.certificateFile} ${tls.keyFile}`, tls] as const];
    }),
  );
  for (const tls of certificates.values()) {
    results.push(checkCertificate(tls));
  }
  const { credentialsFile } = config.snmp;
  if (credentialsFile !== undefined) results.push(checkCredentials(credentialsFile));
  for (const { path } of secretFiles(config)) results.push(...(await checkPrivacy(path)));
  return results;
};

/** The secret of a pair has a line of its own in `check --pair`, and a certificate without a key's file has the key within. */
function secretFiles(config: Config): NamedFile[] {
  const withKey = [config.tls, ...config.listeners.flatMap((each) => (each.transport === 'udp' ? [] : [each.tls]))]
    .filter((tls) => tls?.keyFile === undefined)
    .map((tls) => tls?.certificateFile);
  const others = config.ha === undefined ? [] : [config.ha.secretFile];
  return namedFiles(config).filter(
    ({ path, isSecret }) => (isSecret || withKey.includes(path)) && !others.includes(path),
  );
}

function checkCertificate(tls: Parameters<typeof loadTlsCredentials>[0]): CheckResult {
  const name = `certificate ${tls.certificateFile}`;
  try {
    const { validToMs, subject } = loadTlsCredentials(tls);
    const days = Math.floor((validToMs - Date.now()) / DAY_MS);
    const found = `${subject}, valid until ${new Date(validToMs).toISOString().slice(0, 10)}`;
    if (validToMs - Date.now() > SOON_MS) return { name, state: 'ok', found };
    const remedy = 'Renew it; a running collector takes the new files by itself.';
    return days < 0
      ? { name, state: 'fail', found: `${subject}, expired ${-days} days ago`, remedy }
      : { name, state: 'warn', found: `${found}: ${days} days`, remedy };
  } catch (error) {
    return failure(name, error);
  }
}

function checkCredentials(file: string): CheckResult {
  const name = `SNMP credentials ${file}`;
  try {
    const { communities, users, polling } = readSnmpCredentials(file);
    const found = `${communities.size} communities, ${users.length} users, ${polling.length} ways to poll`;
    return { name, state: 'ok', found };
  } catch (error) {
    if (!(error instanceof ConfigError)) return failure(name, error);
    return { name, state: 'fail', found: error.findings.map(describeFinding).join('; ') };
  }
}

async function checkPrivacy(file: string): Promise<CheckResult[]> {
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS_MAY_READ) === 0) return [];
  } catch {
    return []; // said by whoever reads it
  }
  const remedy = `chmod o-rwx ${file}, and let the account that collects (runAs) read it`;
  return [{ name: `rights of ${file}`, state: 'warn', found: 'every account of this machine may read it', remedy }];
}

function failure(name: string, error: unknown): CheckResult {
  const remedy = error instanceof DogwatchError ? error.remedy : undefined;
  return { name, state: 'fail', found: messageOf(error), ...(remedy === undefined ? {} : { remedy }) };
}

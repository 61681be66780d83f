import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../runtime/errors.ts';
import type { SettingPath } from './findings.ts';
import type { Breach } from './rules/breach.ts';
import { isHeader } from './rules/notify.ts';
import type { Config } from './schema.ts';
import { isWebUrl } from './schema/notify.ts';

/**
 * Fills in what notifications keep in files: the password of the mail server, URLs and headers of webhooks.
 * @param directory where relative names start
 * @returns what could not be read, or is not what it should be; never the content of a file
 */
export function readNotifySecrets({ notify }: Config, directory: string): Breach[] {
  const breaches: Breach[] = [];
  const read = (path: SettingPath, file: string | undefined, take: (text: string) => string | undefined): void => {
    if (file === undefined) return;
    const at = ['notify', ...path];
    try {
      const message = take(readFileSync(resolve(directory, file), 'utf8').trimEnd());
      if (message !== undefined) breaches.push({ at, with: [], message });
    } catch (error) {
      breaches.push({ at, with: [], message: `cannot be read: ${messageOf(error)}` });
    }
  };
  const { email } = notify;
  read(['email', 'passwordFile'], email?.passwordFile, (text) => {
    if (email !== undefined) email.password = text;
    return text === '' ? 'the file is empty' : undefined;
  });
  read(['email', 'caFile'], email?.caFile, aboutCertificates);
  for (const [index, webhook] of notify.webhooks.entries()) {
    read(['webhooks', index, 'urlFile'], webhook.urlFile, (text) => {
      webhook.url = text;
      return isWebUrl(text) ? undefined : 'the file holds no URL such as https://hooks.example.net/dogwatch';
    });
    read(['webhooks', index, 'headersFile'], webhook.headersFile, (text) => {
      const headers = headersOf(text);
      if (typeof headers === 'number') return `line ${headers} of the file is no header such as "Name: value"`;
      webhook.headers = { ...webhook.headers, ...headers };
      return undefined;
    });
    read(['webhooks', index, 'caFile'], webhook.caFile, aboutCertificates);
  }
  return breaches;
}

function aboutCertificates(text: string): string | undefined {
  return text.includes('-----BEGIN CERTIFICATE-----') ? undefined : 'the file holds no certificate in PEM form';
}

/** The headers of a file, or the line that is none. */
function headersOf(text: string): Record<string, string> | number {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
    if (!isHeader(name, value)) return index + 1;
    headers[name] = value;
  }
  return headers;
}

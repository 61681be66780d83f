import type { SettingPath } from '../findings.ts';
import type { Config } from '../schema.ts';
import type { Breach } from './breach.ts';

type Notify = Config['notify'];

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** Rules between the settings of notifications. */
export function* notifyBreaches({ notify }: Config, isGiven: (path: SettingPath) => boolean): Generator<Breach> {
  yield* emailBreaches(notify, isGiven);
  yield* webhookBreaches(notify);
  const { quiet } = notify;
  if (quiet !== undefined && quiet.from === quiet.to) {
    const message = `expected another time than notify.quiet.from (${quiet.from}): all day would be quiet, or none`;
    yield { at: at('quiet', 'to'), with: [at('quiet', 'from')], message };
  }
}

function* emailBreaches({ email }: Notify, isGiven: (path: SettingPath) => boolean): Generator<Breach> {
  if (email === undefined) return;
  const { host, tls, user, password, passwordFile } = email;
  const userPath = at('email', 'user');
  if (isGiven(at('email', 'password')) && isGiven(at('email', 'passwordFile'))) {
    const message = 'expected either this or notify.email.password, found both';
    yield { at: at('email', 'passwordFile'), with: [at('email', 'password')], message };
  }
  const hasPassword = password !== undefined || passwordFile !== undefined;
  if (user !== undefined && !hasPassword) {
    const message = 'expected notify.email.passwordFile or notify.email.password beside it';
    yield { at: userPath, with: [at('email', 'passwordFile')], message };
  }
  if (user === undefined && hasPassword) {
    const name = password === undefined ? 'passwordFile' : 'password';
    yield { at: at('email', name), with: [userPath], message: 'expected notify.email.user beside it' };
  }
  if (user !== undefined && tls === 'none' && !LOOPBACK.test(host)) {
    const message = 'expected starttls or implicit: with none the password could be read on the way';
    yield { at: at('email', 'tls'), with: [userPath], message };
  }
  if (email.caFile !== undefined && tls === 'none') {
    const message = 'expected notify.email.tls starttls or implicit beside it: without TLS there is nothing to check';
    yield { at: at('email', 'caFile'), with: [at('email', 'tls')], message };
  }
}

function* webhookBreaches({ webhooks }: Notify): Generator<Breach> {
  const names = webhooks.map(({ name }, index) => name ?? `webhook-${index + 1}`);
  for (const [index, { url, urlFile, headers }] of webhooks.entries()) {
    const here = (key: string): SettingPath => at('webhooks', index, key);
    if (url === undefined && urlFile === undefined) {
      const message = 'expected url or urlFile';
      yield { at: at('webhooks', index), with: [here('url')], message };
    }
    if (url !== undefined && urlFile !== undefined) {
      const message = 'expected either this or url beside it, found both';
      yield { at: here('urlFile'), with: [here('url')], message };
    }
    if (names.indexOf(names[index] ?? '') < index) {
      const message = `expected each name once, found ${names[index]} again`;
      yield { at: here('name'), with: [], message };
    }
    for (const [name, value] of Object.entries(headers))
      if (!isHeader(name, value)) {
        const message = `expected the name of a header, and a value on one line, at "${name}"`;
        yield { at: here('headers'), with: [], message };
      }
  }
}

/** A name and a value as RFC 9110 has them (section 5.1, 5.5), and none that belongs to the connection. */
export function isHeader(name: string, value: string): boolean {
  const isName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name);
  const isOurs = /^(host|content-length|content-type|transfer-encoding|connection)$/i.test(name);
  return isName && !isOurs && /^[\t\x20-\x7e\x80-\xff]{0,4000}$/.test(value);
}

function at(...path: (string | number)[]): SettingPath {
  return ['notify', ...path];
}

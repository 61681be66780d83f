import type { Config } from './schema.ts';

/** What stands where a secret was. */
export const MASK = '********';

/** The configuration as it may be shown: passwords, and those inside URLs, are masked. */
export function maskSecrets(config: Config): Config {
  return {
    ...config,
    database: { ...config.database, ...maskAddress(config.database) },
    redis: { ...config.redis, ...maskAddress(config.redis) },
    notify: maskNotify(config.notify),
  };
}

function maskNotify(notify: Config['notify']): Config['notify'] {
  const { email, webhooks } = notify;
  return {
    ...notify,
    ...(email === undefined
      ? {}
      : { email: { ...email, ...(email.password === undefined ? {} : { password: MASK }) } }),
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      ...(webhook.url === undefined ? {} : { url: maskWebUrl(webhook.url) }),
      headers: Object.fromEntries(Object.keys(webhook.headers).map((name) => [name, MASK])),
    })),
  };
}

/** Of a URL of a webhook only whose it is: what follows is the secret of many of them. */
export function maskWebUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}/${MASK}` : MASK;
}

interface Secrets {
  readonly url?: string | undefined;
  readonly password?: string | undefined;
}

function maskAddress({ url, password }: Secrets): { url?: string; password?: string } {
  return {
    ...(url === undefined ? {} : { url: maskUrl(url) }),
    ...(password === undefined ? {} : { password: MASK }),
  };
}

/** A URL without its password, wherever it stands: in the authority or as a parameter. */
export function maskUrl(url: string): string {
  // An unescaped "?" or "#" in a password is a mistake, but no reason to show it.
  return url
    .replace(/^([a-z]+:\/\/[^:@/?#]*):(?:[^?#]*|.*)@/i, `$1:${MASK}@`)
    .replaceAll(/([?&](?:password|sslpassword)=)[^&#]*/gi, `$1${MASK}`);
}

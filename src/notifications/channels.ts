import type { Config } from '../config/schema.ts';
import type { Channel } from './channel.ts';
import { EmailChannel } from './email-channel.ts';
import { WebhookChannel } from './webhook-channel.ts';

/**
 * The channels of this configuration.
 * @throws of a file with certificates that cannot be read
 */
export function channelsOf({ email, webhooks, timeout }: Config['notify']): Channel[] {
  return [
    ...(email === undefined ? [] : [new EmailChannel(email, timeout)]),
    ...webhooks.map((webhook, index) => new WebhookChannel(webhook, webhook.name ?? `webhook-${index + 1}`, timeout)),
  ];
}

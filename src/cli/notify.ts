import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Channel } from '../notifications/channel.ts';
import { channelsOf } from '../notifications/channels.ts';
import { testNotification } from '../notifications/notification-text.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { EXIT } from './exit-codes.ts';
import { configOption } from './options/config-option.ts';
import { collect } from './options/range-options.ts';
import { visibleText } from './terminal/visible-text.ts';

interface NotifyOptions {
  readonly config?: string;
  readonly test?: true;
  readonly to?: readonly string[];
  readonly json?: true;
}

interface Outcome {
  readonly channel: string;
  readonly target: string;
  readonly ok: boolean;
  /** What the server answered, or why it was not taken. */
  readonly answer: string;
  readonly remedy?: string;
}

const HELP = `
Examples:
  dogwatch notify --test                         a test by mail and to each webhook, at once
  dogwatch notify --test --to me@example.net     the mail to somebody else
  dogwatch notify --test --json

It needs no running collector, and no database. Exit code 1 when a channel fails.`;

/** `dogwatch notify`: whether operators can be told. */
export function registerNotify(program: Command): void {
  program
    .command('notify')
    .summary('send a test to each mail recipient and webhook')
    .description('Sends a test notification through each channel of notify, and shows what each server answered.')
    .addOption(configOption())
    .requiredOption('--test', 'send a test now, also in the quiet time')
    .option('--to <address>', 'mail it to this address instead; several times', collect)
    .option('--json', 'print the outcomes as JSON')
    .addHelpText('after', HELP)
    .action(async ({ config: file, to, json }: NotifyOptions) => {
      const { config } = loadConfig({ file });
      const outcomes = await tryChannels(channelsOf(withRecipients(config.notify, to)), config);
      process.stdout.write(
        json === true ? `${JSON.stringify(outcomes, null, 2)}\n` : outcomes.map(outcomeText).join(''),
      );
      if (outcomes.some(({ ok }) => !ok)) process.exitCode = EXIT.failure;
    });
}

/** @throws DogwatchError `USAGE` */
function withRecipients(notify: Config['notify'], to: readonly string[] | undefined): Config['notify'] {
  const { email, webhooks } = notify;
  if (email === undefined && webhooks.length === 0)
    throw new DogwatchError(
      'USAGE',
      'nobody is to be told: the configuration has neither notify.email nor notify.webhooks',
      {
        remedy: 'docs/notifications.md has examples.',
      },
    );
  if (to === undefined) return notify;
  if (email === undefined)
    throw new DogwatchError('USAGE', '--to is for mail, and the configuration has no notify.email');
  const wrong = to.find((each) => !/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(each));
  if (wrong !== undefined) throw new DogwatchError('USAGE', `--to: "${wrong}" is no address such as noc@example.net`);
  return { ...notify, email: { ...email, to: [...to] } };
}

async function tryChannels(channels: readonly Channel[], { node, ha }: Config): Promise<Outcome[]> {
  const test = testNotification(randomUUID(), node.name, ha?.pair ?? node.name, new Date().toISOString());
  return Promise.all(
    channels.map(async (channel): Promise<Outcome> => {
      const { name, target } = channel;
      try {
        return { channel: name, target, ok: true, answer: await channel.send(test) };
      } catch (error) {
        const remedy = error instanceof DogwatchError ? error.remedy : undefined;
        return {
          channel: name,
          target,
          ok: false,
          answer: messageOf(error),
          ...(remedy === undefined ? {} : { remedy }),
        };
      }
    }),
  );
}

function outcomeText({ channel, target, ok, answer, remedy }: Outcome): string {
  const line = `${ok ? 'sent   ' : 'FAILED '} ${channel} (${target}): ${visibleText(answer)}\n`;
  return remedy === undefined ? line : `${line}        ${remedy}\n`;
}

import type { Notification } from '../notifications/channel.ts';
import type { Told } from '../notifications/tell-channels.ts';
import type { ExporterReport } from '../worker/worker-report.ts';
import type { CollectorStatus } from './status.ts';

/** What the keeper says to the console. */
export interface ConsoleHears {
  readonly messages: object;
  readonly requests: {
    /** Tells operators at once, by each channel that is not done. */
    readonly 'console.tell': {
      readonly body: { readonly notification: Notification; readonly done: readonly string[] };
      readonly answer: Told;
    };
  };
}

/** What the console asks the keeper. */
export interface ConsoleSays {
  readonly messages: object;
  readonly requests: {
    readonly 'console.status': { readonly body: undefined; readonly answer: CollectorStatus };
    readonly 'console.exporters': { readonly body: undefined; readonly answer: readonly ExporterReport[] };
  };
}

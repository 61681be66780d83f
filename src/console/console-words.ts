import type { ExporterReport } from '../worker/worker-report.ts';
import type { CollectorStatus } from './status.ts';

/** What the keeper says to the console: nothing, beside its life. */
export interface ConsoleHears {
  readonly messages: object;
  readonly requests: object;
}

/** What the console asks the keeper. */
export interface ConsoleSays {
  readonly messages: object;
  readonly requests: {
    readonly 'console.status': { readonly body: undefined; readonly answer: CollectorStatus };
    readonly 'console.exporters': { readonly body: undefined; readonly answer: readonly ExporterReport[] };
  };
}

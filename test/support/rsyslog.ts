import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Certificate } from './certificates.ts';
import { startTool, type Tool } from './processes.ts';

/** Which modules a transport needs, as `skipWithout` wants them. */
export const RSYSLOG_NEEDS = {
  udp: ['rsyslogd'],
  tcp: ['rsyslogd'],
  tls: ['rsyslogd', 'lmnsd_ossl.so', 'openssl'],
  relp: ['rsyslogd', 'omrelp.so'],
} as const;

/** What of TLS rsyslog is told: whom it trusts, by which name, and who it is itself. */
export interface RsyslogTls extends Certificate {
  readonly authorityFile: string;
  readonly peer: string;
}

/**
 * Starts an rsyslogd of the test's own in the foreground. It sends the lines of `input` as they are.
 * A batch is smaller than omrelp's window of 128: a larger one waits 200 ms (TCP_CORK) for each window.
 * @param action parameters of the action that sends, without queue; with a template where lines are not to go as they are
 */
export async function startRsyslog(
  folder: string,
  lines: readonly string[],
  action: string,
  tls?: RsyslogTls,
): Promise<Tool> {
  const input = join(folder, 'input.log');
  await writeFile(input, lines.map((line) => `${line}\n`).join(''));
  const files =
    tls === undefined
      ? ''
      : `defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="${tls.authorityFile}"
         defaultNetstreamDriverCertFile="${tls.certificateFile}" defaultNetstreamDriverKeyFile="${tls.keyFile}"`;
  const configuration = join(folder, 'rsyslog.conf');
  await writeFile(
    configuration,
    `global(workDirectory="${folder}" ${files})
module(load="imfile" mode="inotify")
${action.includes('omrelp') ? 'module(load="omrelp")' : ''}
template(name="asItCame" type="string" string="%msg%")
input(type="imfile" file="${input}" tag="test:" ruleset="send")
ruleset(name="send" queue.type="linkedList" queue.size="200000" queue.timeoutEnqueue="60000"
        queue.dequeueBatchSize="100") {
  action(${action.includes('template=') ? '' : 'template="asItCame"'} action.resumeInterval="1" action.resumeRetryCount="-1" ${action})
}
`,
  );
  return startTool('rsyslogd', ['-n', '-f', configuration, '-i', join(folder, 'rsyslogd.pid')], folder);
}

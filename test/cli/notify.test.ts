import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/postgres.ts';
import { SmtpServer } from '../support/smtp-server.ts';

const run = promisify(execFile);
const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));

async function notify(
  file: string,
  ...flags: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return run(process.execPath, [LAUNCHER, 'notify', '--test', '--config', file, ...flags]).then(
    (said) => ({ code: 0, ...said }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test('dogwatch notify --test tells each channel, without a collector, and shows no secret', async (t) => {
  const smtp = await new SmtpServer({ login: { user: 'dw', password: 'geheim-1' } }).start();
  const hook = { status: 200, posts: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      hook.posts += 1;
      response.writeHead(hook.status).end('noted');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await smtp.stop();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'mail.password'), 'geheim-1\n', { mode: 0o600 });
  await writeFile(join(folder, 'chat.url'), `http://127.0.0.1:${port}/geheim-2\n`, { mode: 0o600 });
  const email = { host: '127.0.0.1', port: smtp.port, tls: 'none', user: 'dw', passwordFile: 'mail.password' };
  const people = { from: 'dw@example.net', to: ['noc@example.net', 'oncall@example.net'] };
  const file = join(folder, 'dogwatch.yaml');
  const settings = { notify: { email: { ...email, ...people }, webhooks: [{ urlFile: 'chat.url' }] } };
  await writeFile(file, JSON.stringify({ node: { name: 'dw-a' }, ...settings }));

  const good = await notify(file);
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /^sent {4}email \(noc@example\.net, oncall@example\.net by 127\.0\.0\.1 port \d+\): 250 /m);
  assert.match(good.stdout, /^sent {4}webhook-1 \(http:\/\/127\.0\.0\.1:\d+\): HTTP 200 noted$/m);
  assert.deepEqual(smtp.mails[0]?.to, ['noc@example.net', 'oncall@example.net']);
  assert.match(smtp.mails[0]?.text ?? '', /^Subject: \[dogwatch\] dw-a test: notifications reach you\r$/m);

  hook.status = 500;
  const bad = await notify(file, '--to', 'me@example.net', '--json');
  assert.equal(bad.code, 1);
  const outcomes: { channel: string; ok: boolean; answer: string }[] = JSON.parse(bad.stdout);
  assert.deepEqual(
    outcomes.map(({ channel, ok }) => [channel, ok]),
    [
      ['email', true],
      ['webhook-1', false],
    ],
  );
  assert.deepEqual(smtp.mails[1]?.to, ['me@example.net']);
  assert.doesNotMatch(good.stdout + good.stderr + bad.stdout + bad.stderr, /geheim/);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { testNotification } from '../../src/notifications/notification-text.ts';
import { WebhookChannel } from '../../src/notifications/webhook-channel.ts';
import { type Certificate, CertificateAuthority, skipWithoutOpenssl } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/postgres.ts';

const TEST = testNotification('uid-1', 'dw-a', 'p', '2026-11-23T04:00:00.000Z');

interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A webhook of the test's own. */
async function hook(t: TestContext, certificate?: Certificate, answer?: RequestListener) {
  const posts: Post[] = [];
  const listener: RequestListener = (request, response) => {
    if (answer !== undefined) return answer(request, response);
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      posts.push({ headers: request.headers, body: JSON.parse(text) });
      response.end('noted');
    });
  };
  const keys = certificate && {
    cert: readFileSync(certificate.certificateFile),
    key: readFileSync(certificate.keyFile),
  };
  const server = keys === undefined ? createPlainServer(listener) : createServer(keys, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { posts, port: portOf(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test(
  'over HTTPS a webhook is told where its certificate is of the named authority, and of nobody else',
  { skip: skipWithoutOpenssl },
  async (t) => {
    const authority = new CertificateAuthority(await temporaryDirectory());
    const other = new CertificateAuthority(await temporaryDirectory(), 'other');
    const { posts, port } = await hook(t, authority.issue('hook', '/CN=hook.test', { IP: '127.0.0.1' }));
    const settings = { url: `https://127.0.0.1:${port}/secret`, headers: { Authorization: 'Bearer secret' } };
    for (const caFile of [other.certificateFile, undefined]) {
      const channel = new WebhookChannel({ ...settings, ...(caFile === undefined ? {} : { caFile }) }, 'chat', 5000);
      await assert.rejects(channel.send(TEST), { code: 'WEBHOOK_REFUSED', message: /certificate/i });
    }
    assert.equal(posts.length, 0);
    const channel = new WebhookChannel({ ...settings, caFile: authority.certificateFile }, 'chat', 5000);
    assert.equal(await channel.send(TEST), 'HTTP 200 noted');
    const [post] = posts;
    assert.deepEqual(post?.body, TEST.body);
    assert.deepEqual([post?.headers.authorization, post?.headers['idempotency-key']], ['Bearer secret', 'uid-1']);
    assert.equal(channel.target, `https://127.0.0.1:${port}`, 'the path is a secret');
  },
);

test('a redirect is a failure, and nobody else is told', async (t) => {
  const { posts, port: elsewhere } = await hook(t);
  const { port } = await hook(t, undefined, (_request, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` }).end();
  });
  const channel = new WebhookChannel({ url: `http://127.0.0.1:${port}/`, headers: {} }, 'chat', 5000);
  await assert.rejects(channel.send(TEST), { code: 'WEBHOOK_REFUSED', message: /HTTP 307/ });
  assert.equal(posts.length, 0);
});

test('a webhook that does not answer, or never ends its answer, is given up in time', async (t) => {
  const { port: silent } = await hook(t, undefined, () => {});
  const channel = new WebhookChannel({ url: `http://127.0.0.1:${silent}/`, headers: {} }, 'chat', 300);
  await assert.rejects(channel.send(TEST), { code: 'WEBHOOK_REFUSED', message: /no answer within 300 ms/ });
  const { port: endless } = await hook(t, undefined, (_request, response) => {
    const talk = (): void => void response.write('x'.repeat(1000), () => setImmediate(talk));
    talk();
  });
  const told = await new WebhookChannel({ url: `http://127.0.0.1:${endless}/`, headers: {} }, 'chat', 5000).send(TEST);
  assert.ok(told.length <= 300);
});

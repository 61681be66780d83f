import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmailChannel, type EmailSettings } from '../../src/notifications/email-channel.ts';
import { testNotification } from '../../src/notifications/notification-text.ts';
import { CertificateAuthority, skipWithoutOpenssl } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { SmtpServer } from '../support/smtp-server.ts';

const TEST = testNotification('uid', 'dw-a', 'p', '2026-11-23T04:00:00.000Z');

function channel(smtp: SmtpServer, more: Partial<EmailSettings> = {}): EmailChannel {
  const { port } = smtp;
  return new EmailChannel(
    { host: '127.0.0.1', port, tls: 'none', from: 'dw@example.net', to: ['noc@example.net'], ...more },
    5000,
  );
}

test('a wrong password is said with the answer of the server, and where to look', async (t) => {
  const smtp = await new SmtpServer({ login: { user: 'dw', password: 'right' } }).start();
  t.after(() => smtp.stop());
  await assert.rejects(channel(smtp, { user: 'dw', password: 'wrong' }).send(TEST), {
    code: 'MAIL_REFUSED',
    message: /535 5\.7\.8 authentication failed/,
    remedy: /notify\.email\.passwordFile/,
  });
  assert.match(await channel(smtp, { user: 'dw', password: 'right' }).send(TEST), /^250 2\.0\.0 queued/);
  assert.equal(smtp.mails[0]?.user, 'dw');
});

test('without STARTTLS on the server nothing is sent in the clear', async (t) => {
  const smtp = await new SmtpServer().start();
  t.after(() => smtp.stop());
  await assert.rejects(channel(smtp, { tls: 'starttls' }).send(TEST), { code: 'MAIL_REFUSED' });
  assert.equal(smtp.mails.length, 0);
});

test('a mail that some recipients get is sent, and says who did not', async (t) => {
  const smtp = await new SmtpServer().start();
  t.after(() => smtp.stop());
  const answer = await channel(smtp, { to: ['noc@example.net', 'nobody@example.net'] }).send(TEST);
  assert.match(answer, /refused nobody@example\.net/);
  assert.deepEqual(smtp.mails[0]?.to, ['noc@example.net']);
});

test(
  'with STARTTLS and with implicit TLS the mail, and the password, go encrypted, to every recipient',
  { skip: skipWithoutOpenssl },
  async (t) => {
    const authority = new CertificateAuthority(await temporaryDirectory());
    const certificate = authority.issue('mail', '/CN=mail.test', { IP: '127.0.0.1' });
    const login = { user: 'dw', password: 'right' };
    for (const tls of ['starttls', 'implicit'] as const) {
      const smtp = await new SmtpServer({ certificate, login, isImplicit: tls === 'implicit' }).start();
      t.after(() => smtp.stop());
      const to = ['noc@example.net', 'oncall@example.net'];
      const settings = { tls, caFile: authority.certificateFile, ...login, to };
      assert.match(await channel(smtp, settings).send(TEST), /^250 2\.0\.0 queued/);
      const [mail] = smtp.mails;
      assert.deepEqual([mail?.isEncrypted, mail?.user, mail?.to], [true, 'dw', to], tls);
    }
  },
);

test(
  'a certificate of another authority, or of another host, is refused before anything is told',
  { skip: skipWithoutOpenssl },
  async (t) => {
    const authority = new CertificateAuthority(await temporaryDirectory());
    const other = new CertificateAuthority(await temporaryDirectory(), 'other');
    const mine = authority.issue('mail', '/CN=mail.test', { IP: '127.0.0.1' });
    const wrongHost = authority.issue('elsewhere', '/CN=elsewhere.test', { DNS: 'elsewhere.test' });
    const tries: readonly (readonly [typeof mine, string | undefined])[] = [
      [mine, other.certificateFile],
      [mine, undefined],
      [wrongHost, authority.certificateFile],
    ];
    for (const isImplicit of [false, true])
      for (const [certificate, caFile] of tries) {
        const smtp = await new SmtpServer({ certificate, isImplicit }).start();
        t.after(() => smtp.stop());
        const settings = { tls: isImplicit ? ('implicit' as const) : ('starttls' as const), caFile };
        await assert.rejects(channel(smtp, settings).send(TEST), {
          code: 'MAIL_REFUSED',
          message: /certificate|altnames|self-signed/i,
          remedy: /notify\.email\.(tls|caFile)/,
        });
        assert.equal(smtp.mails.length, 0);
      }
  },
);

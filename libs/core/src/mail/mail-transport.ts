import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { mailFolder, MailFiles } from './mail-files.js';

/** A mail, ready to be sent. */
export interface ReadyMail {
  /** The queued mail's. */
  id: string;
  companyId: string;
  /** Whose it is; names the file, so that an erasure finds it. */
  userId: string;
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  date: Date;
}

/** An SMTP server that does not answer must not hold the others' mails, nor the shutdown. In milliseconds. */
const TIMEOUTS = { connectionTimeout: 5_000, dnsTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };

/** Hands mails to the SMTP server; with no `SMTP_URL` they become files in `DATA_DIR/mail`. */
@Injectable()
export class MailTransport {
  private readonly dir: string;
  private transports?: ReturnType<MailTransport['create']>;
  constructor(
    private readonly config: Config,
    private readonly files: MailFiles,
  ) {
    this.dir = mailFolder(config);
  }

  get writesFiles(): boolean {
    return !this.config.smtpUrl;
  }

  /** @throws when it was not taken, an error whose message may hold the address */
  async send(message: ReadyMail, signal: AbortSignal): Promise<void> {
    const { id, companyId, userId, ...parts } = message;
    const mail = {
      ...parts,
      from: this.config.mailFrom,
      messageId: `<${id}@${new URL(this.config.publicUrl).hostname}>`,
      headers: { 'Auto-Submitted': 'auto-generated' }, // no replies of absence assistants
      textEncoding: 'quoted-printable' as const,
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    const { smtp, file } = await (this.transports ??= this.create());
    if (smtp) return void (await smtp.sendMail({ ...mail, signal }));
    await this.write(`${userId}.${id}.eml`, (await file.sendMail(mail)).message as Buffer);
    await this.files.removeOfErased({ companyId, userId });
  }

  /** With the first mail: its library is a twentieth of what the start would read. */
  private async create() {
    const { createTransport } = await import('nodemailer');
    return {
      smtp: this.config.smtpUrl ? createTransport({ url: this.config.smtpUrl, ...TIMEOUTS }) : undefined,
      file: createTransport({ streamTransport: true, buffer: true, newline: 'windows' }),
    };
  }

  /** Readable by its owner only, and never seen half-written. */
  private async write(name: string, content: Buffer): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const draft = join(this.dir, `${name}.draft`);
    await writeFile(draft, content, { mode: 0o600 });
    await rename(draft, join(this.dir, name));
  }
}
